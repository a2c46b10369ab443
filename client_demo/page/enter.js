/*
 * The first page: what this is, what is kept, where one is, who one is. Gives out what `enter` needs, and nothing else.
 */

import { stopLoading } from "./cities.js";
import { choices, field } from "./commands.js";
import { ask } from "./dialog.js";
import { fill, h } from "./dom.js";
import { LANGUAGES, listed, spoken, t } from "./i18n.js";
import { length, upTo } from "./lengths.js";
import { PlacePicker } from "./place.js";
import { Table } from "./table.js";
import { ending, kept, refusal } from "./wording.js";

const TOPICS_MAX = 5;
const NAME_MAX = 32;
const TOPIC_MAX = 24;

export class EnterView {
  /**
   * @param {object} options.about what /about told
   * @param {object} options.before what was entered last: {cell, name, topics, far, visiting}
   * @param {(person: object) => void} options.onEnter
   * @param {(language: string) => void} options.onLanguage
   */
  constructor({ about, before = {}, onEnter, onLanguage }) {
    this.about = about;
    this.onEnter = onEnter;
    this.barred = null; // the refusal, where the operator keeps one out
    this.name = upTo(NAME_MAX, h("input", { type: "text", autocomplete: "nickname", value: before.name ?? "", placeholder: t("enter.name.offered") }), "NFKC");
    this.topics = h("input", { type: "text", autocomplete: "off", value: (before.topics ?? []).join(", "), placeholder: t("enter.topics.example") });
    this.visiting = h("input", { type: "checkbox", checked: Boolean(before.visiting) });
    this.far = about.features.includes("far") && h("input", { type: "checkbox", checked: Boolean(before.far) });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.progress = h("p", { class: "progress hint", role: "status" });
    this.button = h("button", { type: "submit", class: "primary wide" }, t("enter.sit"));
    // On a phone what is sent stays in sight with the button that sends it.
    this.sent = h("p", { class: "sit-sent", "aria-hidden": "true" });
    this.sit = h("div", { class: "sit" });
    this.place = new PlacePicker({
      finest: about.limits.finest_cell,
      cell: before.cell,
      shakes: about.commands.includes("shake"),
      onChange: (cell) => this.#placed(cell),
    });
    this.sit.append(this.problem, this.progress, this.sent, this.button);
    this.terms = before.terms ?? "";
    // Who comes by a link that names a place has it before them at once.
    this.element = h("main", { class: before.cell ? "enter is-linked" : "enter" }, this.#invitation(onLanguage), this.#form(), this.#kept());
  }

  /** What stands in the form, as `before` takes it. */
  get written() {
    return {
      cell: this.place.cell,
      name: this.name.value.trim(),
      topics: this.topics.value.split(/[,，、;]/).map((topic) => topic.trim()).filter(Boolean),
      visiting: this.visiting.checked,
      far: this.far ? this.far.checked : false,
      terms: this.terms,
    };
  }

  /** Says why one was not let in; where the terms are the reason, asks for them. */
  refuse(error) {
    this.barred = error.code === "banned" ? error : null;
    this.problem.textContent = refusal(error);
    this.button.disabled = false;
    if (error.code === "terms_needed") this.#askForTerms({ ...this.about, ...error });
  }

  /** Puts the focus where the page begins. */
  focus() {
    this.title.focus({ preventScroll: true });
  }

  /** Says that one has left, of one's own will. */
  left() {
    this.progress.textContent = t("leave.done");
  }

  /** Says how far the connection has come. */
  tell(event) {
    if (event.type === "client.connecting") this.progress.textContent = t("connecting");
    if (event.type === "client.working") this.progress.textContent = t("working");
    if (event.type !== "client.disconnected") return;
    const isOver = event.retry_at === null;
    this.progress.textContent = isOver ? "" : `${ending(event)} ${t("enter.trying")}`;
    if (!isOver) return;
    this.problem.textContent = ending(event);
    this.button.disabled = false;
  }

  #invitation(onLanguage) {
    const table = new Table();
    table.invite(this.about.limits.seats_max);
    table.element.setAttribute("aria-hidden", "true");
    this.title = h("h1", { tabindex: "-1" }, t("enter.title"));
    this.language = h(
      "select",
      { "aria-label": t("language"), onchange: () => onLanguage(this.language.value) },
      Object.entries(LANGUAGES).map(([tag, name]) => h("option", { value: tag, lang: tag, selected: tag === spoken() }, name)),
    );
    return h(
      "header",
      { class: "invitation" },
      h("div", { class: "masthead" }, h("p", { class: "server", dir: "auto" }, this.about.name), this.language),
      table.element,
      this.title,
      h("p", { class: "lede" }, t("enter.lede", { n: this.about.limits.seats_max, minutes: Math.round(this.about.limits.window_s / 60) })),
    );
  }

  #form() {
    const choice = (input, label) => h("label", { class: "choice" }, input, h("span", {}, label));
    return h(
      "form",
      { class: "card", novalidate: true, onsubmit: (event) => (event.preventDefault(), this.#submit()) },
      h("fieldset", {}, h("legend", {}, t("enter.where")), this.place.element),
      h(
        "fieldset",
        {},
        h("legend", {}, t("enter.who")),
        h("div", { class: "pair" }, field(t("enter.name"), this.name), field(t("enter.topics"), this.topics, t("enter.topics.hint"))),
        choice(this.visiting, t("enter.visiting")),
        this.far && choice(this.far, t("enter.far")),
      ),
      this.sit,
      this.#terms(),
    );
  }

  #kept() {
    // On a phone it would be twice as high as the form.
    return h(
      "details",
      { class: "kept", open: matchMedia("(min-width: 60rem)").matches },
      h("summary", {}, h("h2", {}, t("enter.kept"))),
      h("ul", {}, this.about.kept.map((sentence) => h("li", {}, kept(sentence)))),
    );
  }

  #terms() {
    const { terms, contact } = this.about;
    return h(
      "p",
      { class: "terms hint" },
      terms && h("button", { type: "button", class: "link", onclick: () => ask(t("enter.terms"), () => [plain(terms)]) }, t("enter.terms")),
      terms && contact && " · ",
      contact && [t("enter.contact"), " ", h("span", { dir: "auto" }, contact)],
    );
  }

  #placed(cell) {
    fill(this.problem);
    fill(this.sent, t("place.sent"), " ", h("code", { dir: "ltr" }, cell));
    this.sit.classList.toggle("is-ready", Boolean(cell));
  }

  /** Asks for what has to be agreed to, an age with it, in one; whoever does not press it sends nothing. */
  #askForTerms({ terms, terms_version, adults_only }) {
    const accept = t(adults_only ? (terms ? "terms.accept.adult" : "terms.adult") : "terms.accept");
    ask(t("enter.terms"), (close) => [
      terms && plain(terms),
      adults_only && h("p", {}, t("terms.adults")),
      choices(
        h("button", { type: "button", class: "primary", onclick: () => (close(), this.#enter({ terms: terms_version })) }, accept),
        h("button", { type: "button", class: "secondary", onclick: close }, t("terms.not")),
      ),
    ]);
  }

  #submit() {
    const { cell, topics } = this.written;
    const long = topics.filter((topic) => length(topic, "NFKC") > TOPIC_MAX);
    if (!cell) return this.#object(t("enter.noplace"), this.place.city);
    if (!this.name.reportValidity()) return undefined;
    if (long.length) return this.#object(t("enter.longtopic", { topics: listed(long) }), this.topics);
    if (topics.length > TOPICS_MAX) return this.#object(t("enter.manytopics", { n: topics.length }), this.topics);
    return this.#enter({});
  }

  #enter(more) {
    this.terms = more.terms ?? this.terms;
    stopLoading();
    this.button.disabled = true;
    fill(this.problem);
    this.onEnter({ ...this.written, ...more });
  }

  #object(problem, input) {
    this.problem.textContent = problem;
    input.focus();
  }
}

const plain = (text) => h("p", { class: "plain", dir: "auto" }, text);
