/*
 * What one can do: shown where /about offers it, asked of the server, and what came of it said in a sentence.
 *
 * Knows commands by name and the words that go with them. Never knows what an answer means beyond its sentence.
 */

import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { t, tOr } from "./i18n.js";
import { upTo } from "./lengths.js";
import { refusal, soon } from "./wording.js";

export class Commands {
  #offered;
  #limits;
  #request;
  #whisper;
  #notBefore = new Map(); // by command, in time that nobody sets

  /**
   * @param {object} options.about what /about told: commands, and limits
   * @param {(command: string, fields: object) => Promise<object>} options.request
   * @param {(text: string) => void} options.whisper shows a sentence for a while
   */
  constructor({ about, request, whisper }) {
    this.#offered = new Set(about.commands);
    this.#limits = about.limits;
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

  /**
   * Asks the server; returns its answer, or null where it refused or held it, which is said: by `object`, unless that
   * returns false. `done` names the sentence for its success.
   */
  async do(command, fields = {}, { args = {}, done = `${command}.done`, object, refused } = {}) {
    return this.tried(command, () => this.#request(command, fields), { object, refused }, (answer) =>
      answer.type === "nobody" ? tOr(`nobody.${command}`, "") : tOr(done, "", args),
    );
  }

  /** The same, of what else may be refused like a command. */
  async tried(command, act, { object = () => false, refused = () => {} } = {}, said = () => "") {
    try {
      const answer = await act();
      if (said(answer)) this.#whisper(said(answer));
      return answer;
    } catch (error) {
      if (error.retry_after) this.#notBefore.set(command, performance.now() + error.retry_after * 1000);
      const why = refusal({ about: command, ...error }, this.#limits);
      if (!object(why)) this.#whisper(why);
      refused(error);
      return null;
    }
  }

  /** Returns when a command may be given again that was refused for now, in words; nothing where it may be given. */
  again(command) {
    const left = ((this.#notBefore.get(command) ?? 0) - performance.now()) / 1000;
    return left > 0 ? soon("error.again", left) : "";
  }

  /** Returns a line to choose, with what it means below it; null where it is not offered. */
  row(command, act, { args = {}, label = `do.${command}`, means = `${command}.means`, warns = false, id = command } = {}) {
    if (!this.offers(command)) return null;
    return h("li", {}, line({ name: command, id, warns, act, label: t(label, args), means: [t(means, args), this.again(command)] }));
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

/** Returns a button that says what it does, and below it what that means. */
export function line({ name, id = name, warns = false, act, label, means }) {
  const described = `means-${id}`;
  const given = { type: "button", class: warns ? "row warns" : "row", "data-command": name, "aria-label": label, "aria-describedby": described, onclick: act };
  return h("button", given, h("strong", { dir: "auto" }, label), h("span", { class: "hint", id: described }, means.filter(Boolean).join(" ")));
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
export const write = (title, options, onSend) => ask(title, (close) => [written(options, onSend, close)]);

/**
 * Returns the form of such a dialog.
 *
 * @param {(text: string) => void} [options.onDraft] gets what is written so far
 */
export function written({ label, max, form = "NFC", hint = "", value = "", rows: lines = 3, required = true, send, before = [], onDraft }, onSend, close) {
  const input = lines > 1 ? h("textarea", { rows: lines, value }) : h("input", { type: "text", value, autocomplete: "nickname" });
  const text = upTo(max, input, form);
  if (onDraft) text.addEventListener("input", () => onDraft(text.value));
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { type: "submit", class: "primary" }, send);
  const object = (why) => problem.isConnected && Boolean((problem.textContent = why));
  const submit = async (event) => {
    event.preventDefault();
    const words = text.value.trim();
    if (button.disabled) return;
    if (required && !words) return text.focus();
    problem.textContent = "";
    button.disabled = true;
    const isTaken = (await onSend(words, object)) !== null;
    button.disabled = false;
    if (isTaken) return close();
    text.focus();
    problem.scrollIntoView({ block: "nearest" });
  };
  return h("form", { class: "written", onsubmit: submit }, before, field(label, text, hint), problem, choices(button));
}
