/*
 * Dialogs about people: who sits here, what one can do about somebody, one's own name, whom one has blocked.
 *
 * Shows a state; asks by Commands. Never knows the network.
 */

import { choices, field, rows, write } from "./commands.js";
import { ask } from "./dialog.js";
import { fill, h } from "./dom.js";
import { faceOf } from "./faces.js";
import { day, t, tOr } from "./i18n.js";
import { upTo } from "./lengths.js";
import { portrait } from "./seat.js";
import { marks } from "./table.js";

const NAME_MAX = 32;
const NOTE_MAX = 500;
const CONTACT_MAX = 200;
const REASONS = ["spam", "scam", "harassment", "sexual", "minor", "violence", "impersonation", "other"];

export class People {
  #commands;
  #state;

  /**
   * @param {Commands} options.commands
   * @param {() => object} options.state returns the present one
   */
  constructor({ commands, state }) {
    this.#commands = commands;
    this.#state = state;
  }

  /** Returns oneself as a member. */
  get me() {
    const { members, room } = this.#state();
    return members[room.me];
  }

  /** Shows who sits here. */
  all() {
    const { members, room } = this.#state();
    const line = (member, close) =>
      h(
        "button",
        { type: "button", onclick: () => (close(), this.one(member.id)) },
        portrait(faceOf(this.#state(), member.id)),
        h("span", { class: "person-lines" }, h("strong", { dir: "auto" }, member.name), h("span", { class: "hint", dir: "auto" }, known(member, member.id === room.me, members[room.me]?.topics))),
      );
    ask(t("people.title"), (close) => [h("ul", { class: "people" }, Object.values(members).map((member) => h("li", {}, line(member, close))))]);
  }

  /** Shows somebody, and what one can do; of those who have left, by the name they had, little. */
  one(id, name = "") {
    const { members, room } = this.#state();
    const member = members[id];
    if (!member && !this.#commands.offers("report")) return this.#commands.whisper(t("person.gone"));
    const isMe = id === room.me;
    const about = member ? known(member, isMe, members[room.me]?.topics) || t("person.here") : t("person.gone");
    return ask(member?.name ?? name, (close) => [
      h("div", { class: "person" }, portrait(faceOf(this.#state(), id)), h("p", { dir: "auto" }, about)),
      isMe ? this.#rename(member, close) : this.#doable(member ?? { id, name, isGone: true }, close),
    ]);
  }

  #doable(member, close) {
    const { id: who, name } = member;
    const row = (command, act, options) => this.#commands.row(command, () => (close(), act(command)), { args: { name }, ...options });
    const at_once = (command) => this.#commands.do(command, { who }, { name });
    if (member.isGone) return rows(row("report", () => this.#report({ who }, name)));
    return rows(
      row(member.muted ? "unmute" : "mute", at_once),
      row(member.kept ? "unkeep" : "keep", at_once),
      member.kept && row("contact", () => this.#contact(who, name)),
      row("block", () => this.#commands.sure("block", () => at_once("block"), { args: { name } }), { warns: true }),
      row("report", () => this.#report({ who }, name), { warns: true }),
      row("eject", () => this.#commands.sure("eject", () => at_once("eject"), { args: { name } }), { warns: true }),
    );
  }

  #rename(member, close) {
    if (!this.#commands.offers("rename")) return null;
    const name = upTo(NAME_MAX, h("input", { type: "text", value: member.name, autocomplete: "nickname" }), "NFKC");
    const submit = (event) => {
      event.preventDefault();
      close();
      if (name.value.trim() !== member.name) this.#commands.do("rename", { name: name.value.trim() });
    };
    return h("form", { class: "written", onsubmit: submit }, field(t("rename.label"), name), choices(h("button", { type: "submit", class: "primary" }, t("do.rename"))));
  }

  #contact(who, name) {
    const options = { label: t("contact.label"), max: CONTACT_MAX, hint: t("contact.hint", { name }), send: t("do.contact") };
    write(t("contact.title", { name }), options, (text, object) => this.#commands.do("contact", { who, text }, { name }, object));
  }

  /** Asks what is wrong with somebody, or with a bottle. */
  report(what, name = "") {
    this.#report(what, name);
  }

  #report(what, name) {
    const reason = (value) =>
      h("label", { class: "choice" }, h("input", { type: "radio", name: "reason", value, required: true }), h("span", {}, t(`report.${value}`)));
    const before = h("fieldset", {}, h("legend", { class: "hint" }, t("report.why")), h("div", { class: "reasons" }, REASONS.map(reason)));
    const options = { before, label: t("report.note"), max: NOTE_MAX, hint: name ? t("report.kept") : "", required: false, send: t("do.report") };
    write(name ? t("report.title", { name }) : t("report.bottle"), options, async (note, object) => {
      const chosen = before.querySelector("input:checked").value;
      const answer = await this.#commands.do("report", { ...what, reason: chosen, ...(note && { note }) }, {}, object);
      if (answer) this.#commands.whisper(tOr("reported", "", { ticket: answer.ticket }));
      return answer;
    });
  }

  /** Shows whom one has blocked, and lets them go. */
  async blocks() {
    const answer = await this.#commands.do("blocks");
    if (!answer) return;
    const list = h("ul", { class: "blocks" });
    const none = h("p", { class: "hint" }, t("blocks.none"));
    const show = (left) => fill(list, left.length ? left.map((each) => this.#blocked(each, () => show(left.filter((other) => other !== each)))) : h("li", {}, none));
    show(answer.blocks);
    ask(t("blocks.title"), () => [h("p", { class: "hint" }, t("blocks.list")), list]);
  }

  #blocked({ block, name, at }, gone) {
    const free = async () => (await this.#commands.do("unblock", { block }, { name })) && gone();
    return h(
      "li",
      {},
      h("span", { class: "person-lines" }, h("strong", { dir: "auto" }, name || t("bottle.writer")), h("span", { class: "hint" }, day(at))),
      h("button", { type: "button", class: "secondary", onclick: free }, t("do.unblock")),
    );
  }
}

/** Returns what is known of somebody besides the name. */
const known = (member, isMe, mine) => [isMe && t("you"), ...marks(member, isMe ? [] : mine)].filter(Boolean).join(", ");
