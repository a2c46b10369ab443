/*
 * Cities by name and by place. The lists (GeoNames, CC BY 4.0) are fetched when somebody first needs them: one of
 * cities, and one of their names in other scripts and languages, line by line the same cities.
 */

import { distance } from "./geo.js";
import { lands, spoken } from "./i18n.js";
import { load } from "./load.js";

const TOWN_M = 15_000; // whoever is farther than this from all of them is outside towns
const FOUND_MAX = 6;
const WORD_MIN = 4; // as many letters may be a whole name: Niza is no beginning of Nizāmābād
const COMMA = /[,，、]/;
const PARTS_MAX = 8; // more commas than any name and what may follow it have: what is beyond them is not looked at
const ALSO = { AE: ["UAE"], GB: ["UK", "Great Britain", "England", "Scotland", "Wales", "Northern Ireland"], US: ["USA"] };
const PLAIN = { ø: "o", ł: "l", đ: "d", ı: "i", ß: "ss", æ: "ae", œ: "oe", ð: "d", þ: "th" };

let wanted = new AbortController();

/** Gives up what is still on its way: a slow line is needed for better. Whoever asks again gets it again. */
export function stopLoading() {
  wanted.abort();
  wanted = new AbortController();
}

/** Returns a function that loads once, and again where that failed. */
function once(load) {
  let loading = null;
  return () => {
    loading ??= load().catch((error) => {
      loading = null;
      throw error;
    });
    return loading;
  };
}

const linesOf = async (file) => (await (await load(file, { signal: wanted.signal })).text()).replace(/\n$/, "").split("\n");

/**
 * Returns all cities [{at, name, country, lat, lon, region, folded, shared}], the biggest first: `at` is the line of each,
 * `shared` those of its names in other languages that are other cities' own [{name, folded}].
 */
export const cities = once(async () => (await linesOf("cities.txt")).map(parsed));

/** Returns for each city its other names [{name, folded}]. */
const otherNames = once(async () => (await linesOf("names.txt")).map((line) => named(line.split("|"))));

/**
 * Yields {places, isElsewhere}: the cities of that name, by which others may be called in another language, then those
 * whose names begin with the text, then those that hold it, each the biggest first; and once more, with those that are
 * called so in another language before them and those whose name there begins so behind them, where the first did not
 * settle it. A region, a country or both may follow the name: where none of that name is there, `isElsewhere` is true.
 */
export async function* find(text) {
  if (!folded(text)) return yield { places: [], isElsewhere: false };
  const all = await cities();
  const { name, further } = reading(text, all);
  let places = [];
  for await (places of searched(all, name, (city) => isIn(city, further))) if (places.length) yield { places, isElsewhere: false };
  if (places.length) return;
  if (further.length) for await (places of searched(all, name, () => true)) if (places.length) yield { places, isElsewhere: true };
  if (!places.length) yield { places, isElsewhere: false };
}

async function* searched(all, name, fits) {
  const sought = folded(name);
  if (!sought) return yield [];
  const same = all.filter(fits).map((city) => bearing(city, sought)).filter(Boolean);
  const isSame = new Set(same.map(({ at }) => at));
  const found = new Set(all.filter((city) => fits(city) && !isSame.has(city.at) && city.folded.startsWith(sought)));
  for (const city of all) if (fits(city) && !isSame.has(city.at) && city.folded.includes(` ${sought}`)) found.add(city);
  const shown = [...same, ...found].slice(0, FOUND_MAX);
  if (shown.length) yield shown;
  if ((found.size >= FOUND_MAX && sought.length < WORD_MIN) || same.length) return;
  const [exactly, nearly] = called(all.filter((city) => fits(city) && !found.has(city)), await otherNames(), name);
  yield [...exactly, ...found, ...nearly].slice(0, FOUND_MAX);
}

/**
 * Returns a text's name and what follows it to say where that is. A few names have commas of their own, so each comma
 * may end the name, the last first; and the page itself writes "Florencia (Florence)", of which the second is the list's.
 */
function reading(text, all) {
  const parts = text.split(COMMA, PARTS_MAX);
  const begins = (name) => all.some((city) => city.folded.startsWith(folded(name)));
  for (let end = parts.length; end > 1; end--) {
    const name = parts.slice(0, end).join(",");
    if (begins(name)) return { name, further: said(parts.slice(end)) };
  }
  const [, inner] = /\(([^()]+)\)\s*$/.exec(parts[0]) ?? [];
  return { name: inner && !begins(parts[0]) && begins(inner) ? inner : parts[0], further: said(parts.slice(1)) };
}

const said = (parts) => parts.map(folded).filter(Boolean);

/** Tells whether each of these names the city's region or country, or begins to. */
const isIn = ({ region, country }, further) =>
  further.every((part) => part === country.toLowerCase() || [folded(region), ...namesOf(country)].some((name) => name.startsWith(part)));

const known = new Map();

/** Returns a country's names, folded. */
function namesOf(country) {
  const key = `${country} ${spoken()}`;
  if (!known.has(key)) known.set(key, [...lands(country), ...(ALSO[country] ?? [])].map(folded));
  return known.get(key);
}

/** Returns a city as what it is sought by, its own name or one that another city has; null where it is neither. */
function bearing(city, sought) {
  if (city.folded === sought) return city;
  const match = city.shared.find((name) => name.folded === sought);
  return match ? { ...city, as: match.name } : null;
}

/** Returns those cities with another name that is the text, and those where one begins with it; `as` says by which. */
function called(some, others, text) {
  const [exactly, nearly] = [[], []];
  const [sought, typed] = [folded(text), text.normalize().trim().toLowerCase()];
  for (const city of some) {
    const matches = others[city.at].filter((name) => name.folded.startsWith(sought));
    const same = matches.filter((name) => name.folded === sought);
    const match = same.find(({ name }) => name.toLowerCase() === typed) ?? same[0] ?? matches[0]; // as typed, if it is so
    if (match) (match.folded === sought ? exactly : nearly).push({ ...city, as: match.name });
  }
  return [exactly, nearly];
}

/** Returns the nearest of these cities that a position is in or near, or null. */
export function nearest(all, lat, lon) {
  const away = (city) => distance(lat, lon, city.lat, city.lon);
  const near = all.filter((city) => Math.abs(city.lat - lat) < 0.2 && away(city) < TOWN_M);
  return near.reduce((best, city) => (best && away(best) <= away(city) ? best : city), null);
}

function parsed(line, at) {
  const [name, country, lat, lon, region = "", shared = ""] = line.split("|");
  const names = { name, region, folded: folded(name), shared: named(shared.split(";")) };
  return { at, country, lat: Number(lat), lon: Number(lon), ...names };
}

const named = (names) => names.filter(Boolean).map((name) => ({ name, folded: folded(name) }));

/** Returns a name without what people leave out when they type: accents, and the vowel points of Hebrew and Arabic. */
const folded = (name) =>
  name
    .normalize("NFKD")
    .replace(/[\u0300-\u036f\u0591-\u05c7\u064b-\u0652]/g, "")
    .toLowerCase()
    .replace(/[øłđıßæœðþ]/g, (letter) => PLAIN[letter])
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, " ")
    .trim();
