/*
 * What one can do beyond the bar, on oneself and on the room: be away, be called otherwise, stay longer, shake,
 * bottles, people, and whom one has blocked.
 *
 * Asks by Commands. Never knows the network.
 */

import { firstWords } from "./bottles.js";
import { choices, line, rows, write } from "./commands.js";
import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { metres, t } from "./i18n.js";
import { mayExtend } from "./state.js";
import { answerTo } from "./wording.js";

const BOTTLE_MAX = 1000;
const SHAKE_MS2 = 18; // m/s², twice what walking gives a phone in the hand
const NEVER = { stop() {} };

/** The commands by which there is a menu at all. */
export const MORE = ["away", "rename", "extend", "shake", "throw", "pick", "blocks"];

export class Menu {
  #commands;
  #people;
  #act;
  #state;
  #drafts = new Map(); // what was written and not sent, by the bottle it is for

  /**
   * @param {object} options.act what the page does: away, back, and tell, of what no event says
   * @param {() => object} options.state returns the present one
   */
  constructor({ commands, people, act, state }) {
    this.#commands = commands;
    this.#people = people;
    this.#act = act;
    this.#state = state;
  }

  /** Shows what there is. */
  open() {
    const row = (command, act, options) => (close) => this.#commands.row(command, () => (close(), act()), options);
    const { bottles } = this.#state();
    const held = ({ bottle, text, within_m }) =>
      row("answer", () => this.#show({ bottle, text, within_m }), { id: bottle, label: "do.hold", means: "hold.means", args: { words: firstWords(text) } });
    const people = (close) => h("li", {}, line({ name: "people", act: () => (close(), this.#people.all()), label: t("people.title"), means: [t("people.means")] }));
    const made = [
      this.#people.me.away
        ? row("away", () => this.#act.back(), { label: "do.back", means: "back.means" })
        : row("away", () => this.#act.away()),
      row("rename", () => this.#people.one(this.#people.me.id)),
      people,
      mayExtend(this.#state()) && row("extend", () => this.extend()),
      row("shake", () => this.#shake()),
      ...bottles.inHand.map(held),
      row("pick", () => this.pick()),
      row("throw", () => this.#throw()),
      row("blocks", () => this.#people.blocks()),
    ];
    ask(t("more.title"), (close) => rows(...made.map((make) => make && make(close))));
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
    const hint = [t("throw.hint"), this.#commands.again("throw")].filter(Boolean).join(" ");
    this.#write("throw", { title: t("throw.title"), hint }, async (text, object) => {
      const thrown = await this.#commands.do("throw", { text }, { object });
      if (thrown) this.#act.tell({ type: "client.threw", bottle: thrown.bottle, text });
      return thrown;
    });
  }

  /** Takes a bottle out of the water, and shows what is in it. */
  async pick() {
    const found = await this.#commands.do("pick");
    if (found?.type === "bottle") this.#show(found);
  }

  /** Shows a bottle in one's hand; closed, it stays there. */
  #show({ bottle, text, within_m }) {
    const refused = ({ code }) => code === "no_such_bottle" && this.#act.tell({ type: "client.sank", bottle });
    ask(t("bottle.title"), (close) => {
      const row = (command, act) => this.#commands.row(command, () => (close(), act(command)));
      return [
        ...inside(text),
        h("p", { class: "hint" }, t("bottle.from", { within: metres(within_m ?? 0) })),
        rows(
          row("answer", () => this.#answer(bottle, text, refused)),
          row("throw_back", (command) => this.#commands.do(command, { bottle }, { refused })),
          ...this.#against(bottle, close, { name: t("bottle.thrower"), title: t("report.bottle"), means: "report.bottle.means" }),
        ),
      ];
    });
  }

  /** Shows an answer to a bottle of one's own, and what can be done about it. */
  answered({ text, answer, to }) {
    ask(answerTo(to), (close) => [
      ...inside(text),
      rows(...this.#against(answer, close, { name: t("bottle.answerer"), title: t("report.answer"), means: "report.answer.means" })),
    ]);
  }

  /** Returns what can be done about who wrote a bottle, or an answer. */
  #against(bottle, close, { name, title, means }) {
    const row = (command, act, options) => this.#commands.row(command, () => (close(), act(command)), { ...options, warns: true });
    return [
      row("report", () => this.#people.report({ bottle }, title), { means }),
      row("block", (command) => this.#commands.do(command, { bottle }, { done: "block.bottle.done" }), { args: { name }, means: "block.bottle.means" }),
    ];
  }

  #answer(bottle, text, refused) {
    this.#write("answer", { title: t("do.answer"), before: inside(text), draft: bottle }, (words, object) =>
      this.#commands.do("answer", { bottle, text: words }, { object, refused }),
    );
  }

  /** Has something written for a bottle; closed, it is there again the next time. */
  #write(command, { title, hint = "", before = [], draft = command }, onSend) {
    const value = this.#drafts.get(draft) ?? "";
    const onDraft = (text) => this.#drafts.set(draft, text);
    const options = { label: t(`${command}.label`), max: BOTTLE_MAX, hint, before, value, onDraft, send: t(`do.${command}`) };
    write(title, options, async (text, object) => {
      const answer = await onSend(text, object);
      if (answer) this.#drafts.delete(draft);
      return answer;
    });
  }
}

const inside = (text) => [h("p", { class: "plain bottle", dir: "auto" }, text)];

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
