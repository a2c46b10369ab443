/*
 * The first page: what this is, what is kept, where one is, who one is. Gives out what `enter` needs, and nothing else.
 */

import { ask } from "./dialog.js";
import { fill, h } from "./dom.js";
import { LANGUAGES, listed, spoken, t } from "./i18n.js";
import { PlacePicker } from "./place.js";
import { Table } from "./table.js";
import { kept, refusal } from "./wording.js";

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
    this.name = h("input", { type: "text", maxlength: NAME_MAX, autocomplete: "nickname", value: before.name ?? "", placeholder: t("enter.name.offered") });
    this.topics = h("input", { type: "text", autocomplete: "off", value: (before.topics ?? []).join(", "), placeholder: t("enter.topics.example") });
    this.visiting = h("input", { type: "checkbox", checked: Boolean(before.visiting) });
    this.far = about.features.includes("far") && h("input", { type: "checkbox", checked: Boolean(before.far) });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.button = h("button", { type: "submit", class: "primary wide" }, t("enter.sit"));
    this.place = new PlacePicker({
      finest: about.limits.finest_cell,
      cell: before.cell,
      onChange: () => fill(this.problem),
    });
    this.element = h("main", { class: "enter" }, this.#invitation(onLanguage), this.#form());
  }

  /** What stands in the form, as `before` takes it. */
  get written() {
    return {
      cell: this.place.cell,
      name: this.name.value.trim(),
      topics: this.topics.value.split(/[,，、;]/).map((topic) => topic.trim()).filter(Boolean),
      visiting: this.visiting.checked,
      far: this.far ? this.far.checked : false,
    };
  }

  /** Says why one was not let in. */
  refuse(error) {
    this.problem.textContent = refusal(error);
    this.button.disabled = false;
  }

  #invitation(onLanguage) {
    const table = new Table();
    table.invite(this.about.limits.seats_max);
    table.element.setAttribute("aria-hidden", "true");
    const language = h(
      "select",
      { "aria-label": t("language"), onchange: () => onLanguage(language.value) },
      Object.entries(LANGUAGES).map(([tag, name]) => h("option", { value: tag, lang: tag, selected: tag === spoken() }, name)),
    );
    return h(
      "header",
      { class: "invitation" },
      h("div", { class: "masthead" }, h("p", { class: "server", dir: "auto" }, this.about.name), language),
      table.element,
      h("h1", {}, t("enter.title")),
      h("p", { class: "lede" }, t("enter.lede", { n: this.about.limits.seats_max, minutes: Math.round(this.about.limits.window_s / 60) })),
    );
  }

  #form() {
    const field = (label, input, hint) =>
      h("label", { class: "field" }, h("span", {}, label), input, hint && h("small", { class: "hint" }, hint));
    const choice = (input, label) => h("label", { class: "choice" }, input, h("span", {}, label));
    return h(
      "form",
      { class: "card", novalidate: true, onsubmit: (event) => (event.preventDefault(), this.#submit()) },
      h("fieldset", {}, h("legend", {}, t("enter.where")), this.place.element),
      h(
        "fieldset",
        {},
        h("legend", {}, t("enter.who")),
        field(t("enter.name"), this.name),
        field(t("enter.topics"), this.topics, t("enter.topics.hint")),
        choice(this.visiting, t("enter.visiting")),
        this.far && choice(this.far, t("enter.far")),
      ),
      this.#kept(),
      this.problem,
      this.button,
      this.#terms(),
    );
  }

  #kept() {
    return h(
      "details",
      { class: "kept" },
      h("summary", {}, t("enter.kept")),
      h("ul", {}, this.about.kept.map((sentence) => h("li", {}, kept(sentence)))),
    );
  }

  #terms() {
    const { terms, contact } = this.about;
    return h(
      "p",
      { class: "terms hint" },
      terms && h("button", { type: "button", class: "link", onclick: () => ask(t("enter.terms"), () => [h("p", { class: "plain", dir: "auto" }, terms)]) }, t("enter.terms")),
      terms && contact && " · ",
      contact && [t("enter.contact"), " ", h("span", { dir: "auto" }, contact)],
    );
  }

  #submit() {
    const { cell, topics } = this.written;
    const long = topics.filter((topic) => [...topic].length > TOPIC_MAX);
    if (!cell) return this.#object(t("enter.noplace"), this.place.city);
    if (topics.length > TOPICS_MAX || long.length) {
      return this.#object(long.length ? t("enter.longtopic", { topics: listed(long) }) : t("enter.topics.hint"), this.topics);
    }
    this.button.disabled = true;
    return this.onEnter(this.written);
  }

  #object(problem, input) {
    this.problem.textContent = problem;
    input.focus();
  }
}
