/*
 * The page's words: one file for each language in strings/. Knows languages; never what the words are for.
 */

import { load } from "./load.js";
import { forGood } from "./storage.js";

export const LANGUAGES = { en: "English", es: "Español", zh: "中文" };

let words = {};
let language = "en";

/** Returns the language that the address, an earlier choice or the browser asks for. */
export function wanted() {
  const asked = new URLSearchParams(location.search).get("lang");
  const kept = forGood.get("hereabouts.language");
  const tags = [asked, kept, ...navigator.languages].filter(Boolean).map((tag) => tag.toLowerCase().split("-")[0]);
  return tags.find((tag) => tag in LANGUAGES) ?? "en";
}

/** Loads a language and turns the document to it. */
export async function speak(chosen) {
  words = await (await load(`strings/${chosen}.json`)).json();
  language = chosen;
  document.documentElement.lang = chosen;
  document.documentElement.dir = words.dir;
}

export const spoken = () => language;

/** Returns a sentence with its blanks filled; where it has forms for numbers, `n` chooses (CLDR plural rules). */
export function t(key, args = {}) {
  const entry = words[key];
  const text = typeof entry === "object" ? (entry[new Intl.PluralRules(language).select(args.n)] ?? entry.other) : entry;
  return text.replace(/\{(\w+)\}/g, (_, name) => blank(args[name]));
}

/** Returns the sentence of that key, or what to say instead where this page has none. */
export const tOr = (key, instead, args) => (Object.hasOwn(words, key) ? t(key, args) : instead);

/** Returns "Bo, Cy and Dee" as the language has it. */
export const listed = (names) => new Intl.ListFormat(language).format(names.map(isolated));

/** Returns "600 m", "1.4 km". */
export function metres(m) {
  const [amount, unit] = m < 1000 ? [Math.round(m), "meter"] : [m / 1000, "kilometer"];
  const digits = unit === "kilometer" && amount < 10 ? 1 : 0;
  return measured(amount, { unit, maximumFractionDigits: digits });
}

/** Returns an amount with its unit, which no line parts. */
const measured = (amount, options) => new Intl.NumberFormat(language, { style: "unit", ...options }).format(amount).replaceAll(" ", "\u00a0");

/** Returns a time of day, as the reader's country writes it. */
export const hour = (at) => new Intl.DateTimeFormat(country(), { hour: "numeric", minute: "2-digit" }).format(at);

/** Returns a day and a time of day, as the reader's country writes them. */
export const moment = (at) => new Intl.DateTimeFormat(country(), { dateStyle: "medium", timeStyle: "short" }).format(at);

/** Returns a day, as the reader's country writes it. */
export const day = (at) => new Intl.DateTimeFormat(country(), { dateStyle: "medium" }).format(at);

/** Returns a country's name by its two letters (ISO 3166-1). */
export const land = (code) => new Intl.DisplayNames(language, { type: "region", fallback: "code" }).of(code);

/** Returns what a country may be called, in full and in short, in the language that is spoken and in English. */
export function lands(code) {
  const called = (tag, style) => new Intl.DisplayNames(tag, { type: "region", style, fallback: "code" }).of(code);
  return [language, "en"].flatMap((tag) => [called(tag, "long"), called(tag, "short")]);
}

/** Returns how long to wait: "10 min", from two hours on "3 hr". */
export function wait(seconds) {
  const [amount, unit] = seconds < 7200 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
  return measured(Math.ceil(amount), { unit, unitDisplay: "short" });
}

/** Returns "23 min", and under five minutes "4:05". */
export function span(seconds) {
  const left = Math.round(seconds);
  if (left >= 300) return measured(Math.ceil(left / 60), { unit: "minute", unitDisplay: "short" });
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

const country = () => navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;

// A name in another direction must not turn the sentence around it (UAX 9: FSI … PDI).
const isolated = (text) => `\u2068${text}\u2069`;

const blank = (given) => (typeof given === "number" ? new Intl.NumberFormat(language).format(given) : isolated(String(given ?? "")));
