/*
 * Geohash cells and distances: a position becomes a cell here, before anything leaves the page.
 *
 * Pure. Latitude before longitude, degrees, WGS 84.
 */

const ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz";
const EARTH_M = 6371008.8; // mean radius, IUGG
const DEGREES = String.raw`([-+]?\d{1,3}(?:\.\d+)?)\s*°?\s*`;
const COORDINATES = new RegExp(String.raw`^\(?\s*${DEGREES}([ns]?)(?:\s*[,，;；]\s*|\s+)${DEGREES}([ewo]?)\s*\)?$`, "i"); // O: oeste

/** Returns the geohash of so many characters that holds a position. */
export function encode(lat, lon, characters) {
  let [south, north, west, east] = [-90, 90, -180, 180];
  let cell = "";
  let [bits, value, isLon] = [0, 0, true];
  while (cell.length < characters) {
    const middle = isLon ? (west + east) / 2 : (south + north) / 2;
    const isUpper = (isLon ? lon : lat) >= middle;
    if (isLon) [west, east] = isUpper ? [middle, east] : [west, middle];
    else [south, north] = isUpper ? [middle, north] : [south, middle];
    value = value * 2 + (isUpper ? 1 : 0);
    isLon = !isLon;
    if (++bits === 5) {
      cell += ALPHABET[value];
      [bits, value] = [0, 0];
    }
  }
  return cell;
}

/** Returns the position that a text gives, as "40.75, -73.99" or "40.75° N, 73.99° W", or null where it gives none. */
export function positionOf(text) {
  const [, south, north, west, east] = COORDINATES.exec(text.replaceAll("\u2212", "-").trim()) ?? [];
  if (!south) return null;
  const lat = Number(south) * (/s/i.test(north) ? -1 : 1);
  const lon = Number(west) * (/[wo]/i.test(east) ? -1 : 1);
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}

/** Returns the cell of at most so many characters that a text is, or "" where it is none. */
export function cellOf(text, finest) {
  const cell = text.trim().toLowerCase();
  return /^[0-9b-hjkmnp-z]{4,12}$/.test(cell) ? cell.slice(0, finest) : "";
}

/** Returns a cell's bounds {south, north, west, east}. */
export function bounds(cell) {
  let [south, north, west, east] = [-90, 90, -180, 180];
  let isLon = true;
  for (const letter of cell) {
    const value = ALPHABET.indexOf(letter);
    for (let bit = 4; bit >= 0; bit--) {
      const isUpper = (value >> bit) & 1;
      const middle = isLon ? (west + east) / 2 : (south + north) / 2;
      if (isLon) [west, east] = isUpper ? [middle, east] : [west, middle];
      else [south, north] = isUpper ? [middle, north] : [south, middle];
      isLon = !isLon;
    }
  }
  return { south, north, west, east };
}

/** Returns the middle of a cell. */
export function centre(cell) {
  const { south, north, west, east } = bounds(cell);
  return { lat: (south + north) / 2, lon: (west + east) / 2 };
}

/** Returns a cell's width and height in metres, across its middle. */
export function size(cell) {
  const { south, north, west, east } = bounds(cell);
  const lat = (south + north) / 2;
  return {
    width_m: distance(lat, west, lat, east),
    height_m: distance(south, west, north, west),
  };
}

/** Returns the distance in metres along the great circle (haversine). */
export function distance(lat1, lon1, lat2, lon2) {
  const rad = Math.PI / 180;
  const a =
    Math.sin(((lat2 - lat1) * rad) / 2) ** 2 +
    Math.cos(lat1 * rad) * Math.cos(lat2 * rad) * Math.sin(((lon2 - lon1) * rad) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(a)));
}
