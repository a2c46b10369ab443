/*
 * The room: table, conversation, the line to write in, and what one can do. Shows states; asks the page to act.
 */

import { ask } from "./dialog.js";
import { fill, h, icon, s } from "./dom.js";
import { hour, metres, span, t, tOr } from "./i18n.js";
import { Log } from "./log.js";
import { PlaceMap } from "./map.js";
import { PlacePicker } from "./place.js";
import { portrait } from "./seat.js";
import { company, localTime } from "./state.js";
import { marks, Table } from "./table.js";
import { ending, refusal, why } from "./wording.js";

const TOAST_MS = 7000;
const ICONS = {
  next: "M4 12h14M13 6l6 6-6 6",
  place: "M3 6.5l6-2.5 6 2.5 6-2.5V17.5l-6 2.5-6-2.5-6 2.5zM9 4v13.5M15 6.5V20",
  leave: "M14 4H5v16h9M10 12h10M16 8l4 4-4 4",
  send: "M4 12L20 4l-4.5 16-4-6.5zM11.5 13.5L20 4",
};

export class RoomView {
  #state = null;
  #toastTimer = 0;

  /**
   * @param {object} options.about what /about told: what is not offered there is not shown
   * @param {object} options.act what the page does: say, request, retry, drop, leave, enterAnew, goOnHere, retryNow
   * @param {string} options.draft what was being written
   */
  constructor({ about, act, draft, onDraft }) {
    this.about = about;
    this.act = act;
    this.table = new Table({ onPerson: (id) => this.#person(id) });
    this.log = new Log({ onRetry: act.retry, onDrop: act.drop, onPerson: (id) => this.#person(id) });
    this.facts = h("button", { type: "button", class: "facts", onclick: () => this.#people() });
    this.why = h("p", { class: "why" });
    this.banner = h("div", { class: "banner" }, h("p", { role: "status" }), h("p", { "aria-hidden": "true" }));
    this.toast = h("p", { class: "toast", role: "status" });
    this.waiting = new Waiting();
    this.log.after.append(this.waiting.element);
    this.text = h("textarea", {
      rows: 1, value: draft, "aria-label": t("say.label"), placeholder: t("say.label"), enterkeyhint: "send",
      maxlength: about.limits.text_max_chars, autocomplete: "off",
      oninput: () => (this.#grow(), onDraft(this.text.value)),
      onkeydown: (event) => this.#key(event),
    });
    this.onDraft = onDraft;
    this.element = h(
      "main",
      { class: "room" },
      h("a", { class: "skip", href: "#say", onclick: (event) => (event.preventDefault(), this.text.focus()) }, t("skip")),
      h("header", { class: "bar" }, h("h1", { dir: "auto" }, about.name), this.facts, this.#actions()),
      h("section", { class: "table-side", "aria-label": t("table.label") }, this.table.element, this.why),
      h("div", { class: "talk" }, this.log.element, this.toast, this.banner, this.#composer()),
    );
  }

  /** Puts the cursor where one writes. */
  focus() {
    this.text.focus({ preventScroll: true });
  }

  /** Shows a state. */
  show(state) {
    this.#state = state;
    const isSeated = Boolean(state.room);
    this.element.classList.toggle("is-seated", isSeated);
    this.element.classList.toggle("is-lost", state.link.status !== "live");
    if (isSeated) {
      this.table.show(state);
      this.facts.textContent = t("facts", { n: Object.keys(state.members).length, within: metres(state.room.within_m) });
      this.why.textContent = why(state.room);
    }
    this.log.show(state);
    for (const button of this.element.querySelectorAll("[data-needs-link]")) button.disabled = state.link.status !== "live";
  }

  /** Lets time pass. */
  tick(now) {
    const state = this.#state;
    if (!state) return;
    if (state.room) this.table.tick(state, now);
    this.waiting.show(state, now);
    this.#showBanner(state, now);
  }

  // --- the line to write in ---

  #composer() {
    return h(
      "form",
      { class: "composer", onsubmit: (event) => (event.preventDefault(), this.#say()) },
      this.text,
      h("button", { type: "submit", class: "primary send", "aria-label": t("say.send"), title: t("say.send") }, icon(ICONS.send)),
    );
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#say();
  }

  #say() {
    const text = this.text.value.trim();
    if (!text || !this.#state?.room) return;
    this.act.say(text);
    this.text.value = "";
    this.onDraft("");
    this.#grow();
    this.log.toEnd();
    this.text.focus();
  }

  #grow() {
    this.text.style.blockSize = "auto";
    this.text.style.blockSize = `${this.text.scrollHeight}px`;
  }

  // --- what one can do ---

  #actions() {
    const action = (command, path, act) =>
      this.#offers(command) &&
      h("button", { type: "button", class: "action", "data-needs-link": command !== "leave", onclick: act }, icon(path), h("span", {}, t(`do.${command}`)));
    return h(
      "nav",
      { "aria-label": t("do.label") },
      action("next", ICONS.next, () => this.#do("next")),
      action("move", ICONS.place, () => this.#map()),
      action("leave", ICONS.leave, () => this.#leave()),
    );
  }

  #offers(command) {
    return this.about.commands.includes(command);
  }

  async #do(command, fields, done) {
    try {
      await this.act.request(command, fields);
      if (done) this.#whisper(done);
    } catch (error) {
      this.#whisper(refusal(error));
    }
  }

  #whisper(text) {
    clearTimeout(this.#toastTimer);
    this.toast.textContent = text;
    this.#toastTimer = setTimeout(() => (this.toast.textContent = ""), TOAST_MS);
  }

  #leave() {
    ask(t("leave.title"), (close) => [
      h("p", {}, t("leave.means")),
      h(
        "div",
        { class: "choices" },
        h("button", { type: "button", class: "primary", onclick: () => (close(), this.act.leave()) }, t("do.leave")),
        h("button", { type: "button", class: "secondary", onclick: close }, t("leave.stay")),
      ),
    ]);
  }

  #map() {
    const { room } = this.#state;
    ask(t("map.title"), (close) => {
      const picker = new PlacePicker({ finest: this.about.limits.finest_cell, cell: room.cell, onChange: (cell, map) => this.#reach(cell, map) });
      const move = () => {
        close();
        if (picker.cell !== room.cell) this.#do("move", { cell: picker.cell });
      };
      picker.map.show({ cell: room.cell, reach_m: room.within_m, go: true });
      return [
        h("p", { class: "hint" }, t("map.reach", { within: metres(room.within_m) })),
        picker.element,
        h("p", { class: "hint" }, t("move.means")),
        h("div", { class: "choices" }, h("button", { type: "button", class: "primary", onclick: move }, t("move.do"))),
      ];
    });
  }

  /** Draws the table's reach around the own cell, and none around another. */
  #reach(cell, map) {
    const { room } = this.#state;
    map.show({ cell, reach_m: cell === room.cell ? room.within_m : 0 });
  }

  // --- people ---

  #people() {
    const { members, room } = this.#state;
    ask(t("people.title"), (close) => [
      h(
        "ul",
        { class: "people" },
        Object.values(members).map((member) =>
          h(
            "li",
            {},
            h(
              "button",
              { type: "button", onclick: () => (close(), this.#person(member.id)) },
              portrait(member.id),
              h("span", { class: "person-lines" }, h("strong", { dir: "auto" }, member.name), h("span", { class: "hint", dir: "auto" }, about(member, member.id === room.me))),
            ),
          ),
        ),
      ),
    ]);
  }

  #person(id) {
    const member = this.#state.members[id];
    if (!member) return this.#whisper(t("person.gone"));
    const isMe = id === this.#state.room.me;
    return ask(member.name, (close) => [
      h("div", { class: "person" }, portrait(id), h("p", { dir: "auto" }, about(member, isMe) || t("person.here"))),
      isMe ? this.#rename(member, close) : this.#onPerson(member, close),
    ]);
  }

  #onPerson(member, close) {
    const command = member.muted ? "unmute" : "mute";
    if (!this.#offers(command)) return null;
    const done = t(`${command}.done`, { name: member.name });
    return h(
      "div",
      { class: "choices" },
      h("button", { type: "button", class: "primary", "data-needs-link": true, onclick: () => (close(), this.#do(command, { who: member.id }, done)) }, t(`do.${command}`)),
      h("p", { class: "hint" }, t(`${command}.means`)),
    );
  }

  #rename(member, close) {
    if (!this.#offers("rename")) return null;
    const name = h("input", { type: "text", maxlength: 32, value: member.name, autocomplete: "nickname" });
    const submit = (event) => {
      event.preventDefault();
      close();
      if (name.value.trim() !== member.name) this.#do("rename", { name: name.value.trim() });
    };
    return h(
      "form",
      { onsubmit: submit },
      h("label", { class: "field" }, h("span", {}, t("rename.label")), name),
      h("div", { class: "choices" }, h("button", { type: "submit", class: "primary" }, t("do.rename"))),
    );
  }

  // --- how the connection is ---

  /** Says how things are once, and counts down beside it, where screen readers do not follow every second. */
  #showBanner(state, now) {
    const { kind = "", text = "", count = "", label, act } = this.#bannerFor(state, now);
    const [said, counted] = this.banner.children;
    set(said, text);
    set(counted, count);
    if (this.banner.dataset.kind === kind) return;
    this.banner.dataset.kind = kind;
    fill(this.banner, said, counted, label && h("button", { type: "button", class: "link", onclick: act }, label));
  }

  #bannerFor(state, now) {
    const { link } = state;
    const { act } = this;
    const over = { kind: `over${link.code}`, text: ending(link) };
    if (link.status === "over" && link.code === 4503) return { ...over, label: t("over.here"), act: act.goOnHere };
    if (link.status === "over") return { ...over, label: t("over.anew"), act: act.enterAnew };
    if (link.status === "lost") {
      const n = Math.ceil((link.retryAt - now) / 1000);
      const count = n > 0 ? t("lost.again", { n }) : t("lost.trying");
      return { kind: "lost", text: `${ending(link)} ${t("lost.kept")}`, count, label: t("lost.now"), act: act.retryNow };
    }
    if (link.status !== "live") return { kind: "connecting", text: t("connecting") };
    if (state.isClosing) {
      const left = Math.max(0, (localTime(state, state.room.closes) - now) / 1000);
      return { kind: "closing", text: t("closing.soon"), count: span(left) };
    }
    if (!state.moved) return {};
    const { cell, counts_from } = state.moved;
    return { kind: "moved", text: t("moved", { cell, at: hour(localTime(state, counts_from)) }) };
  }
}

/** Returns what is known of somebody besides the name. */
const about = (member, isMe) => [isMe && t("you"), ...marks(member)].filter(Boolean).join(", ");

/** The panel of a room that waits for company. */
class Waiting {
  constructor() {
    this.title = h("h2");
    this.looks = h("p");
    this.people = h("p");
    this.next = h("p", { class: "hint" });
    this.element = h(
      "section",
      { class: "waiting", hidden: true, "aria-label": t("waiting.label") },
      s("svg", { class: "ripples", viewBox: "0 0 120 120", "aria-hidden": "true" },
        [18, 34, 50].map((r) => s("circle", { class: "ripple", cx: 60, cy: 60, r })),
        s("circle", { class: "ripple-me", cx: 60, cy: 60, r: 6 })),
      h("div", {}, this.title, this.looks, this.people, this.next),
    );
  }

  show(state, now) {
    const { waiting, limits } = state;
    this.element.hidden = !waiting;
    if (!waiting) return;
    const lacking = Math.max(1, (limits.seats_min ?? 3) - company(state));
    const told = localTime(state, waiting.next_at);
    const next = told > now ? told : localTime(state, state.room.closes);
    set(this.title, t("waiting.title", { n: lacking }));
    set(this.looks, t("waiting.looks", { within: metres(waiting.within_m) }));
    set(this.people, tOr(`waiting.people.${waiting.people}`, ""));
    set(this.next, t("waiting.next", { at: hour(next), left: span(Math.max(0, (next - now) / 1000)) }));
  }
}

const set = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};
