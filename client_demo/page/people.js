/*
 * Dialogs about people: who sits here, what one can do about somebody, one's own name, whom one has blocked.
 *
 * Shows a state; asks by Commands. Never knows the network.
 */

import { rows, write, written } from "./commands.js";
import { ask } from "./dialog.js";
import { fill, h } from "./dom.js";
import { faceOf } from "./faces.js";
import { day, t, tOr } from "./i18n.js";
import { portrait } from "./seat.js";
import { marks, shared } from "./table.js";

const NAME_MAX = 32;
const NOTE_MAX = 500;
const CONTACT_MAX = 200;
const REASONS = ["spam", "scam", "harassment", "sexual", "minor", "violence", "impersonation", "other"];

export class People {
  #commands;
  #state;
  #pressed = new Set(); // whom one would keep, by their ids, which are new at every table: no event tells

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
    const legend = ["visiting", "kindred"].filter((mark) => this.#table()[mark]).map((mark) => h("p", { class: "hint" }, t(`people.${mark}`)));
    ask(t("people.title"), (close) => [
      h("p", { class: "hint" }, t("people.means")),
      h("ul", { class: "people" }, Object.values(members).map((member) => h("li", {}, line(member, close)))),
      ...legend,
    ]);
  }

  /** Tells which marks of the table have to be explained. */
  #table() {
    const { members, room } = this.#state();
    const mine = this.me?.topics ?? [];
    const others = Object.values(members).filter(({ id }) => id !== room.me);
    return { visiting: Object.values(members).some(({ visiting }) => visiting), kindred: others.some((each) => shared(each, mine).length) };
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
    const at_once = (command) => this.#commands.do(command, { who }, { args: { name } });
    const keep = async () => (await at_once("keep")) && this.#pressed.add(who);
    const takeBack = async () => (await this.#commands.do("unkeep", { who }, { args: { name }, done: "takeback.done" })) && this.#pressed.delete(who);
    const hasPressed = this.#pressed.has(who) && !member.kept;
    if (member.isGone) return rows(row("report", () => this.#report({ who }, name)));
    return rows(
      row(member.muted ? "unmute" : "mute", at_once),
      member.kept && row("unkeep", async () => (await at_once("unkeep")) && this.#pressed.delete(who)),
      hasPressed && row("unkeep", takeBack, { label: "do.takeback", means: "takeback.means" }),
      !member.kept && !hasPressed && row("keep", keep),
      member.kept && row("contact", () => this.#contact(who, name)),
      row("block", () => this.#commands.sure("block", () => at_once("block"), { args: { name } }), { warns: true }),
      row("report", () => this.#report({ who }, name), { warns: true }),
      row("eject", () => this.#commands.sure("eject", () => at_once("eject"), { args: { name } }), { warns: true }),
    );
  }

  #rename(member, close) {
    if (!this.#commands.offers("rename")) return null;
    const options = { label: t("rename.label"), max: NAME_MAX, form: "NFKC", value: member.name, rows: 1, required: false, send: t("do.rename") };
    const send = (name, object) => (name === member.name ? undefined : this.#commands.do("rename", { name }, { object }));
    return written(options, send, close);
  }

  #contact(who, name) {
    const options = { label: t("contact.label"), max: CONTACT_MAX, hint: t("contact.hint", { name }), send: t("do.contact") };
    write(t("contact.title", { name }), options, (text, object) => this.#commands.do("contact", { who, text }, { args: { name }, object }));
  }

  /** Asks what is wrong with a bottle, or with an answer. */
  report(what, title) {
    this.#report(what, "", title);
  }

  #report(what, name, title = t("report.title", { name })) {
    const reason = (value) =>
      h("label", { class: "choice" }, h("input", { type: "radio", name: "reason", value, required: true }), h("span", {}, t(`report.${value}`)));
    const before = h("fieldset", {}, h("legend", { class: "hint" }, t("report.why")), h("div", { class: "reasons" }, REASONS.map(reason)));
    const options = { before, label: t("report.note"), max: NOTE_MAX, hint: name ? t("report.kept") : "", required: false, send: t("do.report") };
    write(title, options, async (note, object) => {
      const chosen = before.querySelector("input:checked").value;
      const answer = await this.#commands.do("report", { ...what, reason: chosen, ...(note && { note }) }, { object });
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
    const free = async () => (await this.#commands.do("unblock", { block }, { args: { name: name || t("bottle.writer") } })) && gone();
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
