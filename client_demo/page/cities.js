/*
 * Cities by name and by place. The lists (GeoNames, CC BY 4.0) are fetched when somebody first needs them: one of
 * cities, and one of their names in other scripts and languages, line by line the same cities.
 */

import { distance } from "./geo.js";
import { load } from "./load.js";

const TOWN_M = 15_000; // whoever is farther than this from all of them is outside towns
const FOUND_MAX = 6;
const WORD_MIN = 4; // as many letters may be a whole name: Niza is no beginning of Nizāmābād
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
 * Returns all cities [{name, country, lat, lon, region, folded, shared}], the biggest first; `shared` are those of a
 * city's names in other languages that are other cities' own [{name, folded}].
 */
export const cities = once(async () => (await linesOf("cities.txt")).map(parsed));

/** Returns for each city its other names [{name, folded}]. */
const otherNames = once(async () =>
  (await linesOf("names.txt")).map((line) => named(line.split("|"))),
);

/**
 * Yields the cities of that name, by which others may be called in another language, then those whose names begin with
 * the text, then those that hold it, each the biggest first; and once more, with those that are called so in another
 * language before them and those whose name there begins so behind them, where the first did not settle it.
 */
export async function* find(text) {
  const sought = folded(text);
  if (!sought) return yield [];
  const all = await cities();
  const same = all.map((city) => bearing(city, sought)).filter(Boolean);
  const found = new Set(all.filter((city) => city.folded !== sought && city.folded.startsWith(sought)));
  for (const city of all) if (city.folded.includes(` ${sought}`)) found.add(city);
  const shown = [...same, ...[...found].filter((city) => !same.some(({ lat, lon }) => lat === city.lat && lon === city.lon))];
  if (shown.length) yield shown.slice(0, FOUND_MAX);
  if ((found.size >= FOUND_MAX && sought.length < WORD_MIN) || all.some((city) => city.folded === sought)) return;
  const [exactly, nearly] = called(all, await otherNames(), text, found);
  yield [...exactly, ...found, ...nearly].slice(0, FOUND_MAX);
}

/** Returns a city as what it is sought by, its own name or one that another city has; null where it is neither. */
function bearing(city, sought) {
  if (city.folded === sought) return city;
  const match = city.shared.find((name) => name.folded === sought);
  return match ? { ...city, as: match.name } : null;
}

/** Returns the cities with another name that is the text, and those where one begins with it; `as` says by which. */
function called(all, others, text, found) {
  const [exactly, nearly] = [[], []];
  const [sought, typed] = [folded(text), text.normalize().trim().toLowerCase()];
  all.forEach((city, at) => {
    if (found.has(city)) return;
    const matches = others[at].filter((name) => name.folded.startsWith(sought));
    const same = matches.filter((name) => name.folded === sought);
    const match = same.find(({ name }) => name.toLowerCase() === typed) ?? same[0] ?? matches[0]; // as typed, if it is so
    if (match) (match.folded === sought ? exactly : nearly).push({ ...city, as: match.name });
  });
  return [exactly, nearly];
}

/** Returns the nearest of these cities that a position is in or near, or null. */
export function nearest(all, lat, lon) {
  const away = (city) => distance(lat, lon, city.lat, city.lon);
  const near = all.filter((city) => Math.abs(city.lat - lat) < 0.2 && away(city) < TOWN_M);
  return near.reduce((best, city) => (best && away(best) <= away(city) ? best : city), null);
}

function parsed(line) {
  const [name, country, lat, lon, region = "", shared = ""] = line.split("|");
  return { name, country, lat: Number(lat), lon: Number(lon), region, folded: folded(name), shared: named(shared.split(";")) };
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
