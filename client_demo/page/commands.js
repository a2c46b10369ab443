/*
 * What one can do: shown where /about offers it, asked of the server, and what came of it said in a sentence.
 *
 * Knows commands by name and the words that go with them. Never knows what an answer means beyond its sentence.
 */

import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { t, tOr } from "./i18n.js";
import { upTo } from "./lengths.js";
import { refusal } from "./wording.js";

export class Commands {
  #offered;
  #request;
  #whisper;

  /**
   * @param {string[]} options.offered the commands of /about
   * @param {(command: string, fields: object) => Promise<object>} options.request
   * @param {(text: string) => void} options.whisper shows a sentence for a while
   */
  constructor({ offered, request, whisper }) {
    this.#offered = new Set(offered);
    this.#request = request;
    this.#whisper = whisper;
  }

  /** Tells whether the server does any of these. */
  offers(...commands) {
    return commands.some((command) => this.#offered.has(command));
  }

  /** Says a sentence that passes. */
  whisper(text) {
    this.#whisper(text);
  }

  /** Asks the server; returns its answer, or null where it refused, which is said: by `object`, unless that returns false. */
  async do(command, fields = {}, args = {}, object = () => false) {
    try {
      const answer = await this.#request(command, fields);
      const done = answer.type === "nobody" ? tOr(`nobody.${command}`, "") : tOr(`${command}.done`, "", args);
      if (done) this.#whisper(done);
      return answer;
    } catch (error) {
      const why = refusal(error);
      if (!object(why)) this.#whisper(why);
      return null;
    }
  }

  /** Returns a line to choose, with what it means below it; null where it is not offered. */
  row(command, act, { args = {}, label = `do.${command}`, means = `${command}.means`, warns = false } = {}) {
    if (!this.offers(command)) return null;
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: warns ? "row warns" : "row", "data-command": command, "aria-label": t(label, args), "aria-describedby": `means-${command}`, onclick: act },
        h("strong", {}, t(label, args)),
        h("span", { class: "hint", id: `means-${command}` }, t(means, args)),
      ),
    );
  }

  /** Asks whether it is meant before it is done. */
  sure(command, act, { args = {}, means = `${command}.means` } = {}) {
    ask(t(`${command}.title`, args), (close) => [
      h("p", {}, t(means, args)),
      choices(
        h("button", { type: "button", class: "primary", onclick: () => (close(), act()) }, t(`do.${command}`, args)),
        h("button", { type: "button", class: "secondary", onclick: close }, t(`${command}.not`, args)),
      ),
    ]);
  }
}

/** Returns a list of lines to choose from, or null if there are none. */
export function rows(...made) {
  const there = made.filter(Boolean);
  return there.length ? h("ul", { class: "rows" }, there) : null;
}

/** Returns the buttons that end a dialog. */
export const choices = (...buttons) => h("div", { class: "choices" }, buttons);

/** Returns a field of a form, under its label. */
export const field = (label, input, hint) =>
  h("label", { class: "field" }, h("span", {}, label), input, hint && h("small", { class: "hint" }, hint));

/**
 * Opens a dialog in which something is written and sent; it stays, with what was written, until that was taken.
 *
 * `onSend` gets the text and a function that says what is wrong with it, and returns a promise of null if it was refused.
 */
export function write(title, { label, max, hint = "", value = "", rows: lines = 3, required = true, send, before = [] }, onSend) {
  return ask(title, (close) => {
    const text = upTo(max, lines > 1 ? h("textarea", { rows: lines, value }) : h("input", { type: "text", value, autocomplete: "nickname" }));
    const problem = h("p", { class: "problem", role: "alert" });
    const button = h("button", { type: "submit", class: "primary" }, send);
    const object = (why) => problem.isConnected && Boolean((problem.textContent = why));
    const submit = async (event) => {
      event.preventDefault();
      const written = text.value.trim();
      if (button.disabled) return;
      if (required && !written) return text.focus();
      problem.textContent = "";
      button.disabled = true;
      const isTaken = (await onSend(written, object)) !== null;
      button.disabled = false;
      if (isTaken) close();
      else text.focus();
    };
    return [h("form", { class: "written", onsubmit: submit }, before, field(label, text, hint), problem, choices(button))];
  });
}
