/*
 * The room: table, conversation, the line to write in, and what one can do. Shows states; asks the page to act.
 */

import { Banner } from "./banner.js";
import { choices, Commands } from "./commands.js";
import { ask } from "./dialog.js";
import { h, icon } from "./dom.js";
import { metres, t } from "./i18n.js";
import { upTo } from "./lengths.js";
import { Log } from "./log.js";
import { Menu, MORE } from "./menu.js";
import { People } from "./people.js";
import { PlacePicker } from "./place.js";
import { company } from "./state.js";
import { Table } from "./table.js";
import { Waiting } from "./waiting.js";
import { why } from "./wording.js";

const TOAST_MS = 7000;
const ICONS = {
  people: "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.9a3.5 3.5 0 0 1 0 6.4M18 14.6c2.2.9 3.5 2.9 3.5 5.4",
  next: "M4 12h14M13 6l6 6-6 6",
  place: "M3 6.5l6-2.5 6 2.5 6-2.5V17.5l-6 2.5-6-2.5-6 2.5zM9 4v13.5M15 6.5V20",
  more: "M6 12a1 1 0 1 1-2 0 1 1 0 0 1 2 0zM13 12a1 1 0 1 1-2 0 1 1 0 0 1 2 0zM20 12a1 1 0 1 1-2 0 1 1 0 0 1 2 0z",
  leave: "M14 4H5v16h9M10 12h10M16 8l4 4-4 4",
  send: "M4 12L20 4l-4.5 16-4-6.5zM11.5 13.5L20 4",
};

export class RoomView {
  #state = null;
  #toastTimer = 0;
  #latest = 0;

  /**
   * @param {object} options.about what /about told: what is not offered there is not shown
   * @param {object} options.act what the page does: say, request, visit, tell, retry, drop, away, back, leave, enterAnew, goOnHere, retryNow
   * @param {string} options.draft what was being written
   */
  constructor({ about, act, draft, onDraft }) {
    this.about = about;
    this.act = act;
    this.commands = new Commands({ about, request: act.request, whisper: (text) => this.#whisper(text) });
    const state = () => this.#state;
    this.people = new People({ commands: this.commands, state });
    this.menu = new Menu({ commands: this.commands, people: this.people, act, state });
    const onPerson = (id, name) => this.people.one(id, name);
    this.table = new Table({ onPerson });
    const onAnswer = this.commands.offers("report", "block") ? (item) => this.menu.answered(item) : null;
    this.log = new Log({ onRetry: act.retry, onDrop: act.drop, onPerson, onAnswer });
    this.here = h("strong");
    this.within = h("span");
    this.facts = h("button", { type: "button", class: "facts", onclick: () => this.people.all() }, icon(ICONS.people), h("span", { class: "facts-lines" }, this.here, " ", this.within));
    this.why = h("p", { class: "why" });
    this.banner = new Banner({ act, onExtend: this.commands.offers("extend") ? () => this.menu.extend() : null });
    this.toast = h("p", { class: "toast", role: "status" });
    this.waiting = new Waiting({ onPick: this.commands.offers("pick") ? () => this.menu.pick() : null });
    this.log.after.append(this.waiting.element);
    this.text = upTo(about.limits.text_max_chars, h("textarea", {
      id: "say", rows: 1, value: draft, "aria-label": t("say.label"), placeholder: t("say.label"), enterkeyhint: "send",
      autocomplete: "off",
      oninput: () => (this.#grow(), onDraft(this.text.value)),
      onkeydown: (event) => this.#key(event),
    }));
    this.onDraft = onDraft;
    this.element = h(
      "main",
      { class: "room" },
      h("a", { class: "skip", href: "#say", onclick: (event) => (event.preventDefault(), this.text.focus()) }, t("skip")),
      h("header", { class: "bar" }, h("h1", { dir: "auto" }, about.name), this.facts, this.#actions()),
      h("section", { class: "table-side", "aria-label": t("table.label") }, this.table.element, this.why),
      h("div", { class: "talk" }, this.log.element, this.toast, this.banner.element, this.#composer()),
    );
  }

  /** Puts the cursor where one writes. */
  focus() {
    this.text.focus({ preventScroll: true });
  }

  /** Shows a state. */
  show(state) {
    this.#state = state;
    this.#keepingFocus(() => this.#show(state));
  }

  #show(state) {
    const isSeated = Boolean(state.room);
    this.element.classList.toggle("is-seated", isSeated);
    this.element.classList.toggle("is-lost", state.link.status !== "live");
    if (isSeated) {
      this.table.show(state);
      const present = company(state);
      const away = Object.keys(state.members).length - present;
      this.here.textContent = t(away ? "facts.some_away" : "facts.here", { n: present, away });
      this.within.textContent = t("facts.within", { within: metres(state.room.within_m) });
      this.why.textContent = why(state.room);
    }
    this.log.show(state);
    // What was whispered of it is true no more: both have pressed, or given.
    const latest = state.items.at(-1);
    if (latest && latest.key > this.#latest && ["kept", "contact"].includes(latest.kind)) this.#whisper("");
    this.#latest = latest?.key ?? 0;
    for (const button of this.element.querySelectorAll("[data-needs-link]")) button.disabled = state.link.status !== "live";
  }

  /** Lets time pass. */
  tick(now) {
    const state = this.#state;
    if (!state) return;
    this.#keepingFocus(() => {
      if (state.room) this.table.tick(state, now);
      this.waiting.show(state, now);
      this.banner.show(state, now);
    });
  }

  /** Changes what is shown; if what had the focus goes with that, one goes on where one writes. */
  #keepingFocus(change) {
    const had = document.activeElement;
    const wasHere = this.element.contains(had) && had !== this.text;
    change();
    if (!wasHere || ![had, document.body].includes(document.activeElement)) return;
    if (!had.isConnected || had.disabled || !had.checkVisibility()) this.focus();
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
    if (!text || !this.#state?.room || !this.text.reportValidity()) return;
    this.act.say(text);
    this.text.value = "";
    this.onDraft("");
    this.#grow();
    this.log.toEnd();
    this.text.focus();
  }

  #grow() {
    this.text.style.blockSize = "auto";
    // What scrolls is without the border, and the size with it.
    const border = this.text.offsetHeight - this.text.clientHeight;
    this.text.style.blockSize = `${this.text.scrollHeight + border}px`;
  }

  // --- what one can do ---

  #actions() {
    const action = (name, path, act, ...offered) =>
      this.commands.offers(...offered) &&
      h("button", { type: "button", class: "action", "data-needs-link": name !== "leave", onclick: act }, icon(path), h("span", {}, t(`do.${name}`)));
    return h(
      "nav",
      { "aria-label": t("do.label") },
      action("next", ICONS.next, () => this.commands.do("next"), "next"),
      action("move", ICONS.place, () => this.#map(), "move"),
      action("more", ICONS.more, () => this.menu.open(), ...MORE),
      action("leave", ICONS.leave, () => this.#leave(), "leave"),
    );
  }

  #leave() {
    const means = this.#state.link.status === "lost" ? "leave.later" : "leave.means";
    this.commands.sure("leave", this.act.leave, { means });
  }

  #whisper(text) {
    clearTimeout(this.#toastTimer);
    this.toast.textContent = text;
    this.#toastTimer = setTimeout(() => (this.toast.textContent = ""), TOAST_MS);
  }

  #map() {
    const { room } = this.#state;
    ask(t("map.title"), (close) => {
      const picker = new PlacePicker({ finest: this.about.limits.finest_cell, cell: room.cell, onChange: (cell, map) => this.#reach(cell, map) });
      const visiting = h("input", { type: "checkbox", checked: Boolean(this.people.me.visiting) });
      const problem = h("p", { class: "problem", role: "alert" });
      const button = h("button", { type: "button", class: "primary", onclick: () => void move() }, t("move.do"));
      const move = async () => {
        problem.textContent = "";
        button.disabled = true;
        const told = await this.#moved(picker.cell, visiting.checked, (why) => problem.isConnected && Boolean((problem.textContent = why)));
        button.disabled = false;
        if (told !== null) close();
        else problem.scrollIntoView({ block: "nearest" }); // a map leaves a phone no room for what is said below it
      };
      picker.map.show({ cell: room.cell, reach_m: room.within_m, go: true });
      return [
        h("p", { class: "hint" }, t("map.reach", { within: metres(room.within_m) })),
        picker.element,
        h("label", { class: "choice" }, visiting, h("span", {}, t("enter.visiting"))),
        h("p", { class: "hint" }, t("move.means")),
        problem,
        choices(button),
      ];
    });
  }

  /** Tells another place, or that one visits it; returns null where that was refused. */
  async #moved(cell, visiting, object) {
    const { room } = this.#state;
    const isNews = visiting !== Boolean(this.people.me.visiting);
    if (isNews && (await this.commands.tried("visit", () => this.act.visit(cell, visiting), { object })) === null) return null;
    if (cell === room.cell) return undefined;
    // Said once more where the place came with the visit: the answer tells from when it counts, or why it does not.
    const moved = await this.commands.do("move", { cell }, { object });
    if (!moved && isNews) await this.commands.tried("visit", () => this.act.visit(room.cell, !visiting));
    return moved;
  }

  /** Draws the table's reach around the own cell, and none around another. */
  #reach(cell, map) {
    const { room } = this.#state;
    map.show({ cell, reach_m: cell === room.cell ? room.within_m : 0 });
  }
}
