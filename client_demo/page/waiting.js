/*
 * The panel of a room that waits for company: how far the server looks, how many are out there, when it next gathers.
 */

import { fill, h, hide, s, set } from "./dom.js";
import { hour, metres, span, t, tOr } from "./i18n.js";
import { company, isTalk, seatUntil } from "./state.js";

export class Waiting {
  #shown = null;

  /** @param {(() => void) | null} onPick takes a bottle out of the water, where the server has any */
  constructor({ onPick = null } = {}) {
    this.ripples = s("svg", { class: "ripples", viewBox: "0 0 120 120", "aria-hidden": "true" });
    this.title = h("h2");
    this.looks = h("p", { class: "far" });
    this.people = h("p", { class: "far" });
    this.next = h("p", { class: "hint" });
    this.bottles = h("p", { class: "bottles", hidden: true }, t("waiting.bottles"), " ", onPick && h("button", { type: "button", class: "link", onclick: onPick }, t("do.pick")));
    this.element = h(
      "section",
      { class: "waiting", hidden: true, "aria-label": t("waiting.label") },
      this.ripples,
      this.title,
      h("div", { class: "waiting-words" }, this.people, this.looks, this.bottles, this.next),
    );
  }

  /** Shows it while a state waits; once somebody talks, on a phone, the words take its room. */
  show(state, now) {
    const { waiting, limits } = state;
    hide(this.element, !waiting);
    if (!waiting) return;
    if (waiting !== this.#shown) this.#ripple();
    this.#shown = waiting;
    this.element.classList.toggle("is-brief", isTalk(state));
    // As the server counts: who is away is no company, but nobody has less of it than whoever sits alone.
    const lacking = Math.max(1, (limits.seats_min ?? 3) - Math.max(1, company(state)));
    const next = seatUntil(state, now);
    set(this.title, t("waiting.title", { n: lacking }));
    set(this.looks, t("waiting.looks", { within: metres(waiting.within_m) }));
    set(this.people, tOr(`waiting.people.${waiting.people}`, ""));
    set(this.next, t("waiting.next", { at: hour(next), left: span(Math.max(0, (next - now) / 1000)) }));
    hide(this.bottles, !waiting.bottles);
  }
  /** Lets the rings go out once more: they move with each news, and rest between. */
  #ripple() {
    const rings = [18, 34, 50].map((r) => s("circle", { class: "ripple", cx: 60, cy: 60, r }));
    fill(this.ripples, rings, s("circle", { class: "ripple-me", cx: 60, cy: 60, r: 6 }));
  }
}
