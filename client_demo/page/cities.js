/*
 * Cities by name and by place. The list (GeoNames, CC BY 4.0) is fetched when somebody first needs it.
 */

import { distance } from "./geo.js";

const TOWN_M = 15_000; // whoever is farther than this from all of them is outside towns
const FOUND_MAX = 6;

let loading = null;

/** Returns all cities [{name, country, lat, lon, folded}], the biggest first. */
export function cities() {
  loading ??= fetch("cities.txt")
    .then((answer) => answer.text())
    .then((text) => text.trimEnd().split("\n").map(parsed))
    .catch((error) => {
      loading = null; // the next one who asks tries again
      throw error;
    });
  return loading;
}

/** Returns the biggest cities whose names begin with the text, then those that hold it. */
export async function find(text) {
  const wanted = folded(text);
  if (!wanted) return [];
  const all = await cities();
  const begin = all.filter((city) => city.folded.startsWith(wanted));
  const hold = all.filter((city) => city.folded.includes(` ${wanted}`));
  return [...begin, ...hold].slice(0, FOUND_MAX);
}

/** Tells whether a position is in or near one of them. */
export async function isInTown(lat, lon) {
  return (await cities()).some(
    (city) => Math.abs(city.lat - lat) < 0.2 && distance(lat, lon, city.lat, city.lon) < TOWN_M,
  );
}

function parsed(line) {
  const [name, country, lat, lon] = line.split("|");
  return { name, country, lat: Number(lat), lon: Number(lon), folded: folded(name) };
}

/** Returns a name without what people leave out when they type. */
const folded = (name) =>
  name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[øłđı]/g, (letter) => ({ ø: "o", ł: "l", đ: "d", ı: "i" })[letter])
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
