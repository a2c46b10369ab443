/*
 * The conversation: one element for each of the newest items of a state, kept as it is while the item is; the older
 * ones on request.
 *
 * Never knows the network. What people wrote goes into text nodes, and a link opens only after its domain was shown.
 */

import { askBeforeLeaving } from "./dialog.js";
import { h, set } from "./dom.js";
import { faceOf } from "./faces.js";
import { hour, listed, metres, span, t } from "./i18n.js";
import { hue, portrait } from "./seat.js";
import { localTime } from "./state.js";
import { answerTo, holding, refusal, why } from "./wording.js";

const NEAR_END_PX = 80;
const SHOWN = 200; // more elements make each new one cost more, and few read back so far: the rest is one press away
const SLACK = 50; // so many more before the oldest go, so that not each new one moves all
const QUIET_MS = 1000; // until screen readers have seen what is not to be read out
const TOGETHER_MS = 5 * 60_000; // messages of one person within this share one name
const LINK = /(https?:\/\/[^\s<>"']+)/i;

export class Log {
  #known = new Map();
  #isAtEnd = true;
  #height = 0; // of what scrolls, when it was last settled
  #seen = 0;
  #first = 0; // the key of the oldest item shown
  #state = null;

  constructor({ onRetry, onDrop, onPerson, onAnswer = null }) {
    Object.assign(this, { onRetry, onDrop, onPerson, onAnswer });
    this.list = h("ol", { class: "log" });
    this.earlier = h("button", { type: "button", class: "link earlier", hidden: true, onclick: () => this.#showEarlier() });
    this.read = h("div", { class: "read", role: "log", "aria-live": "polite", "aria-relevant": "additions" }, this.list);
    this.after = h("div", { class: "after" });
    this.scroller = h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": t("log.label"), onscroll: () => this.#scrolled() }, this.earlier, this.read, this.after);
    this.jump = h("button", { type: "button", class: "jump", hidden: true, onclick: () => this.toEnd() });
    this.element = h("div", { class: "conversation" }, this.scroller, this.jump);
    const settle = new ResizeObserver(() => this.#settle());
    settle.observe(this.scroller);
    settle.observe(this.after);
  }

  /** Shows the items; stays at the end if the reader is there, and where the reader is if not. */
  show(state) {
    this.#state = state;
    const wasAtEnd = this.#isAtEnd;
    const from = this.#oldest(state.items);
    const items = state.items.slice(from);
    this.earlier.hidden = from === 0;
    if (from) set(this.earlier, t("log.earlier", { n: from }));
    const keys = new Set(items.map((item) => item.key));
    for (const [key, { element }] of this.#known) {
      if (!keys.has(key)) {
        element.remove();
        this.#known.delete(key);
      }
    }
    let next = this.list.firstChild;
    let before = null;
    for (const item of items) {
      const former = this.#known.get(item.key)?.element;
      const element = this.#element(state, item, before);
      // One that was made anew has taken the place of its former self already.
      if (next && (next === element || next === former)) next = element.nextSibling;
      else this.list.insertBefore(element, next);
      before = item;
    }
    if (wasAtEnd) this.toEnd();
    else this.#offerJump(state);
    if (this.#isAtEnd) this.#seen = state.nextKey;
  }

  /** Returns where what is shown begins; while the reader is not at the end nothing goes. */
  #oldest(items) {
    const known = items.findIndex((item) => item.key === this.#first);
    const isEnough = known >= 0 && (!this.#isAtEnd || items.length - known <= SHOWN + SLACK);
    const from = isEnough ? known : Math.max(0, items.length - SHOWN);
    this.#first = items[from]?.key ?? 0;
    return from;
  }

  /** Shows some of what came before, and leaves what is read where it is; nothing of it is read out. */
  #showEarlier() {
    const { items } = this.#state;
    const from = items.findIndex((item) => item.key === this.#first);
    const top = this.list.firstChild;
    const was = top.getBoundingClientRect().top;
    this.#first = items[Math.max(0, from - SHOWN)].key;
    this.#isAtEnd = false;
    this.read.setAttribute("aria-live", "off");
    this.show(this.#state);
    this.scroller.scrollTop += top.getBoundingClientRect().top - was;
    setTimeout(() => this.read.setAttribute("aria-live", "polite"), QUIET_MS);
    if (this.earlier.hidden) this.scroller.focus({ preventScroll: true });
  }

  /** Goes to the newest. */
  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#isAtEnd = true;
    this.jump.hidden = true;
  }

  /** Stays at the end when what is written below, a keyboard or a turn of the phone leaves more room or less. */
  #settle() {
    this.#height = this.scroller.clientHeight;
    if (this.#isAtEnd) this.toEnd();
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    if (clientHeight !== this.#height) return; // a browser tells of what it moved before it tells of the size: no reader did it
    this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    if (this.#isAtEnd) this.jump.hidden = true;
  }

  #offerJump(state) {
    const fresh = state.items.filter((item) => item.key >= this.#seen && item.kind === "said" && !item.isMine).length;
    this.jump.hidden = !fresh;
    this.jump.textContent = t("log.new", { n: fresh });
  }

  #element(state, item, before) {
    const isNext = isTogether(before, item);
    const known = this.#known.get(item.key);
    if (known?.item === item && known.isNext === isNext) return known.element;
    const update = known && item.kind === "said" && known.item.name === item.name;
    const element = update ? known.element : MAKE[item.kind](state, item, this);
    if (known && !update) known.element.replaceWith(element);
    if (item.kind === "said") this.#dress(state, element, item, isNext);
    element.classList.toggle("is-past", Boolean(item.isPast));
    this.#known.set(item.key, { item, isNext, element });
    return element;
  }

  /** Brings what may change of a message up to date without making it anew, which would have it read out again. */
  #dress(state, element, item, isNext) {
    element.classList.toggle("is-next", isNext);
    element.dataset.status = item.status;
    element.querySelector("time").textContent = hour(localTime(state, item.at));
    const note = element.querySelector(".status");
    const shown = `${item.status}${item.code ?? ""}${item.rooms ?? ""}`;
    if (note.dataset.shown === shown) return;
    note.dataset.shown = shown;
    note.replaceChildren(...this.#status(item));
  }

  #status(item) {
    if (item.status === "waiting") return [t(item.code === "rate_limited" ? "said.slow" : "said.waiting")];
    if (item.status === "sending") return [t("said.sending")];
    if (item.status !== "unsent") return item.rooms > 1 ? [t("said.rooms", { n: item.rooms })] : [];
    const isHeld = item.code === "held";
    const reason = isHeld ? holding(item) : item.code === "over" ? t("said.over") : refusal({ code: item.code });
    const button = (act, label) => h("button", { type: "button", class: "link", onclick: () => act(item) }, t(label));
    return [
      h("span", {}, `${t("said.unsent")} ${reason}`),
      !isHeld && button(this.onRetry, "said.retry"), // the same words would be held again
      button(this.onDrop, "said.drop"),
    ].filter(Boolean);
  }
}

const isTogether = (before, item) =>
  before?.kind === "said" && item.kind === "said" && before.from === item.from && before.name === item.name &&
  !before.isPast === !item.isPast && item.at - before.at < TOGETHER_MS;

const note = (kind, ...children) => h("li", { class: `note ${kind}` }, children);

/** Returns what somebody is called, and that they visit. */
const named = ({ name, visiting }) => (visiting ? t("name.visiting", { name }) : name);

/** Returns words that somebody wrote, apart from the talk, under who they are from. */
const told = (kind, from, text) => note(kind, h("p", {}, h("strong", {}, from), " ", h("span", { dir: "auto" }, text)));

const MAKE = {
  said(state, item, log) {
    const face = faceOf(state, item.from);
    const element = h(
      "li",
      { class: item.isMine ? "said is-mine" : "said" },
      h("button", { type: "button", class: "who", tabindex: "-1", "aria-hidden": "true", onclick: () => log.onPerson(item.from, item.name) }, portrait(face)),
      h(
        "div",
        { class: "words" },
        h("p", { class: "by" }, h("span", { class: "name", dir: "auto" }, item.name), " ", h("time")),
        h("p", { class: "text", dir: "auto" }, linked(item.text)),
        h("p", { class: "status" }),
      ),
    );
    element.style.setProperty("--hue", hue(face));
    return element;
  },

  comings(state, item) {
    const parts = [
      item.joined.length && t("came", { n: item.joined.length, names: listed(item.joined.map(named)) }),
      item.left.length && t("went", { n: item.left.length, names: listed(item.left.map(named)) }),
    ];
    return note("comings", h("p", {}, parts.filter(Boolean).join(" · ")));
  },

  room(state, item) {
    const others = item.room.members.filter((member) => member.id !== item.room.me).map(named);
    const sits = others.length ? t("room.with", { names: listed(others), within: metres(item.room.within_m) }) : t("room.alone");
    const isShaken = item.room.kind === "shake";
    const first = item.isFirst ? "" : t(isShaken ? "room.shaken" : item.isSame ? "room.same" : "room.new");
    return note(
      "new-room",
      h("p", { class: "rule" }, h("time", {}, hour(localTime(state, item.at)))),
      first && h("h2", {}, first),
      item.gone && h("p", {}, t(`gone.${item.gone}`)),
      (isShaken || !item.isSame) && h("p", {}, sits),
      h("p", { class: "hint" }, why(item.room)),
    );
  },

  missed: (state, item) => note("warning", h("p", {}, t("missed", item))),
  absence: (state, item) => note("absence", h("p", { class: "rule" }, t("absence", { n: item.said }))),
  renamed: (state, item) => note("renamed", h("p", {}, t(item.isMine ? "renamed.you" : "renamed", item))),
  notice: (state, item) => told(item.level === "warning" ? "notice warning" : "notice", t("notice"), item.text),
  contact: (state, item) => told("contact", t("contact.from", { name: item.name }), item.text),
  answered(state, item, log) {
    const element = told("contact", answerTo(item.to), item.text);
    const label = t("answered.more");
    if (log.onAnswer) element.append(h("button", { type: "button", class: "link", onclick: () => log.onAnswer(item) }, label));
    return element;
  },
  kept: (state, item) => note("together", h("p", {}, t("kept.both", { name: item.name }))),
  held: (state, item) => note("warning", h("p", {}, `${t("held")} ${holding(item)}`)),
  expiring: (state, item) => note("warning", h("p", {}, t("auth.expiring", { left: span(item.in_s) }))),
  ejected: (state, item) =>
    note("warning", h("p", {}, `${t("ejected", { at: hour(localTime(state, item.until)) })} ${why(item)}`)),
  closing: (state, item) => note("closing", h("p", {}, t("closing", { at: hour(localTime(state, item.closes)) }))),
  extended: (state, item) => note("closing", h("p", {}, t("extended", { at: hour(localTime(state, item.closes)) }))),
};

/** Returns a text's parts, links as buttons that first say where they lead. */
function linked(text) {
  return text.split(LINK).map((part, at) => {
    if (at % 2 === 0) return part;
    const address = part.replace(/[.,;:!?)\]}»”’]+$/, "");
    if (!URL.canParse(address)) return part;
    return [link(address), part.slice(address.length)];
  }).flat();
}

/** Returns a link without an address, so that no way of clicking goes past the question. */
function link(address) {
  const open = () => askBeforeLeaving(address);
  const onkeydown = (event) => event.key === "Enter" && open();
  return h("a", { class: "link", role: "link", tabindex: "0", dir: "ltr", onclick: open, onkeydown }, address);
}
