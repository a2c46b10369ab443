/*
 * What one can do beyond the bar, on oneself and on the room: be away, be called otherwise, stay longer, shake,
 * bottles, and whom one has blocked.
 *
 * Asks by Commands. Never knows the network.
 */

import { choices, rows, write } from "./commands.js";
import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { metres, t } from "./i18n.js";

const BOTTLE_MAX = 1000;
const SHAKE_MS2 = 18; // m/s², twice what walking gives a phone in the hand
const NEVER = { stop() {} };

/** The commands by which there is a menu at all. */
export const MORE = ["away", "rename", "extend", "shake", "throw", "pick", "blocks"];

export class Menu {
  #commands;
  #people;
  #act;

  /**
   * @param {object} options.act what the page does about being away: away, back
   */
  constructor({ commands, people, act }) {
    this.#commands = commands;
    this.#people = people;
    this.#act = act;
  }

  /** Shows what there is. */
  open() {
    const row = (command, act, options) => (close) => this.#commands.row(command, () => (close(), act()), options);
    const made = [
      this.#people.me.away
        ? row("away", () => this.#act.back(), { label: "do.back", means: "back.means" })
        : row("away", () => this.#act.away()),
      row("rename", () => this.#people.one(this.#people.me.id)),
      row("extend", () => this.extend()),
      row("shake", () => this.#shake()),
      row("pick", () => this.pick()),
      row("throw", () => this.#throw()),
      row("blocks", () => this.#people.blocks()),
    ];
    ask(t("more.title"), (close) => rows(...made.map((make) => make(close))));
  }

  /** Votes for staying together. */
  extend() {
    return this.#commands.do("extend");
  }

  /** Meets whoever shakes in the same moment; without a sensor, or a secure context to read it in, a tap shakes. */
  #shake() {
    let sensor = NEVER;
    const shake = (close) => async () => {
      sensor.stop();
      close();
      this.#commands.whisper(t("shake.wait")); // the answer takes up to four seconds
      const met = await this.#commands.do("shake");
      if (met?.type === "room") this.#commands.whisper("");
    };
    ask(t("do.shake"), (close) => {
      sensor = felt(shake(close));
      return [h("p", {}, t("shake.how")), choices(h("button", { type: "button", class: "primary", onclick: shake(close) }, t("shake.tap")))];
    }, () => sensor.stop());
  }

  #throw() {
    const options = { label: t("throw.label"), max: BOTTLE_MAX, hint: t("throw.hint"), send: t("do.throw") };
    write(t("throw.title"), options, (text, object) => this.#commands.do("throw", { text }, {}, object));
  }

  /** Takes a bottle out of the water, and shows what is in it. */
  async pick() {
    const found = await this.#commands.do("pick");
    if (found?.type !== "bottle") return;
    const { bottle, text, within_m } = found;
    ask(t("bottle.title"), (close) => {
      const row = (command, act) => this.#commands.row(command, () => (close(), act(command)));
      return [
        h("p", { class: "plain bottle", dir: "auto" }, text),
        h("p", { class: "hint" }, t("bottle.from", { within: metres(within_m ?? 0) })),
        rows(
          row("answer", () => this.#answer(bottle)),
          row("throw_back", (command) => this.#commands.do(command, { bottle })),
          ...this.#against(bottle, close, t("bottle.thrower")),
        ),
      ];
    });
  }

  /** Shows an answer to a bottle of one's own, and what can be done about it. */
  answered({ text, answer }) {
    ask(t("answered.from"), (close) => [
      h("p", { class: "plain bottle", dir: "auto" }, text),
      rows(...this.#against(answer, close, t("bottle.answerer"))),
    ]);
  }

  /** Returns what can be done about who wrote a bottle, or an answer. */
  #against(bottle, close, name) {
    const row = (command, act, options) => this.#commands.row(command, () => (close(), act(command)), { ...options, warns: true });
    return [
      row("report", () => this.#people.report({ bottle }), { means: "report.bottle.means" }),
      row("block", (command) => this.#commands.do(command, { bottle }), { args: { name }, means: "block.bottle.means" }),
    ];
  }

  #answer(bottle) {
    const options = { label: t("answer.label"), max: BOTTLE_MAX, send: t("do.answer") };
    write(t("do.answer"), options, (text, object) => this.#commands.do("answer", { bottle, text }, {}, object));
  }
}

/** Calls back once the device is shaken; returns what ends the waiting. */
function felt(shaken) {
  if (!globalThis.DeviceMotionEvent) return NEVER;
  const feel = ({ acceleration }) => {
    if (acceleration && Math.hypot(acceleration.x, acceleration.y, acceleration.z) > SHAKE_MS2) shaken();
  };
  globalThis.addEventListener("devicemotion", feel);
  DeviceMotionEvent.requestPermission?.().catch(() => {}); // where it has to be asked for, a tap remains
  return { stop: () => globalThis.removeEventListener("devicemotion", feel) };
}
