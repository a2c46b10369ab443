/*
 * The line above where one writes: how the connection is, that the room ends soon, where one will be seated.
 *
 * Says how things are once, and counts down beside it, where screen readers do not follow every second.
 */

import { fill, h, set } from "./dom.js";
import { hour, span, t } from "./i18n.js";
import { localTime, mayExtend } from "./state.js";
import { ending, soon } from "./wording.js";

export class Banner {
  #look = "";

  /**
   * @param {object} options.act what can be done about it: goOnHere, enterAnew, retryNow, back
   * @param {(() => void) | null} options.onExtend votes for more time, where the server has it
   */
  constructor({ act, onExtend = null }) {
    this.act = act;
    this.onExtend = onExtend;
    this.element = h("div", { class: "banner" }, h("p", { role: "status" }), h("p", { "aria-hidden": "true" }));
  }

  /** Shows what a state has to say at this moment, if anything. */
  show(state, now) {
    const { kind = "", text = "", count = "", label, act } = this.#for(state, now);
    const [said, counted] = this.element.children;
    set(said, text);
    set(counted, count);
    const look = `${kind} ${label ?? ""}`;
    if (this.#look === look) return;
    this.#look = look;
    this.element.dataset.kind = kind;
    fill(this.element, said, counted, label && h("button", { type: "button", class: "link", onclick: act }, label));
  }

  #for(state, now) {
    const { link } = state;
    const { act } = this;
    const over = { kind: `over${link.code}`, text: ending(link) };
    if (link.status === "over" && link.code === 4503) return { ...over, label: t("over.here"), act: act.goOnHere };
    if (link.status === "over" && link.code === 4500) return over; // who is kept out is not shown a way around it
    if (link.status === "over") return { ...over, label: t("over.anew"), act: act.enterAnew };
    if (link.status === "lost") {
      const n = Math.ceil((link.retryAt - now) / 1000);
      const count = n > 0 ? soon("lost.again", n) : t("lost.trying");
      return { kind: "lost", text: `${ending(link)} ${t("lost.kept")}`, count, label: t("lost.now"), act: act.retryNow };
    }
    if (link.status === "working") return { kind: "connecting", text: t("working") };
    if (link.status !== "live") return { kind: "connecting", text: t("connecting") };
    if (state.isClosing) {
      const left = Math.max(0, (localTime(state, state.room.closes) - now) / 1000);
      const more = this.onExtend && mayExtend(state) && { label: t("do.extend"), act: this.onExtend };
      const text = state.hasVoted ? `${t("closing.soon")} ${t("extend.voted")}` : t("closing.soon");
      return { kind: "closing", text, count: span(left), ...more };
    }
    if (state.members[state.room?.me]?.away) return { kind: "away", text: t("away.now"), label: t("do.back"), act: act.back };
    if (!state.moved) return {};
    const { cell, counts_from } = state.moved;
    return { kind: "moved", text: t("moved", { cell, at: hour(localTime(state, counts_from)) }) };
  }
}
