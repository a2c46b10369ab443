/*
 * Choosing a place: by geolocation, on the map, by a city's name; and how coarse a cell it becomes.
 *
 * The point stays in here: what comes out is a cell, and it is shown before it is used.
 */

import { cities, find, nearest } from "./cities.js";
import { fill, h, icon, set } from "./dom.js";
import { cellOf, centre, encode, positionOf, size } from "./geo.js";
import { land, metres, t } from "./i18n.js";
import { PlaceMap } from "./map.js";

const COARSEST = 4;
const OUTSIDE_TOWNS = 5;
const PIN = "M12 21s7-6.2 7-11.5a7 7 0 0 0-14 0C5 14.8 12 21 12 21zM12 7.5a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4z";

export class PlacePicker {
  #point = null;
  #isChosenByHand = false;
  #search = 0;
  #isElsewhere = false;
  #cities = [];
  #onChange;

  /**
   * @param {number} options.finest characters of the finest cell that the server takes
   * @param {string} [options.cell] where to begin
   * @param {boolean} [options.shakes] whether there is shaking, which needs a secure context too
   */
  constructor({ finest, cell = "", shakes = false, onChange = () => {} }) {
    this.#onChange = onChange;
    this.finest = finest;
    this.cell = cell;
    this.#point = cell ? centre(cell) : null;
    this.map = new PlaceMap({ onPick: (point) => this.#choose(point), onTouch: () => this.#nameCities() });
    this.exactness = h("input", {
      type: "range", min: COARSEST, max: finest, step: 1, value: cell.length || finest,
      oninput: () => this.#byHand(),
      "aria-describedby": "cell-size",
    });
    this.size = h("output", { class: "hint", id: "cell-size" });
    this.sent = h("output", { class: "sent" });
    this.status = h("p", { class: "hint", role: "status" });
    this.found = h("ul", { class: "found" });
    this.city = this.#cityField();
    this.element = h("div", { class: "place" }, this.#ways(shakes), this.#howExact(), this.sent);
    this.#show(true);
    if (cell) this.#nameCities();
  }

  #cityField() {
    const city = h("input", {
      type: "search", class: "city", placeholder: t("place.city"), "aria-label": t("place.city"), autocomplete: "off",
      onfocus: () => this.#nameCities(),
      oninput: () => {
        city.removeAttribute("title");
        void this.#find(city.value);
      },
      onkeydown: (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        if (!this.#isElsewhere) this.found.querySelector("button")?.click(); // who names another place looks first
      },
    });
    return city;
  }

  /** Returns the ways to say where one is, the likeliest first. */
  #ways(shakes) {
    if (!globalThis.isSecureContext || !navigator.geolocation) {
      const why = [t("place.insecure"), shakes && t("place.insecure.shake")].filter(Boolean).join(" ");
      return [h("p", { class: "hint" }, why), this.map.element, this.city, this.found, this.status];
    }
    const locate = h("button", { type: "button", class: "secondary", onclick: () => this.#locate(locate) }, icon(PIN), t("place.locate"));
    return [h("div", { class: "ways" }, locate, this.city), this.found, this.status, this.map.element];
  }

  #howExact() {
    this.howExact = h("label", { class: "exactness" }, h("span", {}, t("place.exactness")), this.exactness, this.size);
    return this.howExact;
  }

  #locate(button) {
    button.disabled = true;
    this.status.textContent = t("place.locating");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        button.disabled = false;
        this.status.textContent = "";
        this.#choose({ lat: coords.latitude, lon: coords.longitude }, true);
      },
      () => {
        button.disabled = false;
        this.status.textContent = t("place.nowhere");
      },
      { enableHighAccuracy: false, timeout: 15_000, maximumAge: 300_000 },
    );
  }

  async #find(text) {
    const search = ++this.#search;
    const exact = this.#exactly(text);
    if (exact && /\d/.test(text)) return this.#offer([exact]); // no city has digits in its name
    try {
      for await (const { places, isElsewhere } of find(text)) {
        if (search !== this.#search) return;
        this.#offer(places.length || !exact ? places : [exact], { text, isElsewhere });
      }
    } catch {
      this.status.textContent = t("place.nocities");
    }
  }

  /** Returns what is no name, but coordinates or a cell: {as, lat, lon, characters?}; null where it is neither. */
  #exactly(text) {
    const position = positionOf(text);
    if (position) return { ...position, as: `${position.lat}, ${position.lon}` };
    const cell = cellOf(text, this.finest);
    return cell ? { ...centre(cell), as: cell, characters: cell.length } : null;
  }

  #offer(places, { text = "", isElsewhere = false } = {}) {
    if (this.found.contains(document.activeElement)) return; // somebody is choosing already
    this.#isElsewhere = isElsewhere;
    const isUnknown = text.trim() && !places.length;
    this.status.textContent = isUnknown ? t("place.unknown") : isElsewhere ? t("place.elsewhere") : "";
    fill(this.found, places.map((city) => h("li", {}, h("button", { type: "button", onclick: () => this.#take(city) }, this.#named(city)))));
    // A phone's keyboard leaves little room below the field.
    if (places.length && this.found.getBoundingClientRect().bottom > innerHeight) this.city.scrollIntoView({ block: "start" });
  }

  #take(place) {
    this.#search += 1;
    this.city.value = this.city.title = this.#named(place); // a long one has its end cut off
    fill(this.found);
    this.#isElsewhere = false;
    this.status.textContent = "";
    if (place.characters) {
      this.exactness.value = place.characters;
      this.#isChosenByHand = true;
    }
    this.#choose(place, true);
    this.exactness.focus();
  }

  #named(city) {
    if (!city.name) return city.as;
    const name = city.as ? `${city.as} (${city.name})` : city.name;
    return [name, city.region, land(city.country)].filter(Boolean).join(", ");
  }

  /** Names the cities on the map, and the one by the patch, so that one sees whether the patch is right. */
  async #nameCities() {
    this.#cities = await cities().catch(() => []); // without the list there is still the grid
    this.map.name(this.#cities);
    this.#tellSize();
  }

  async #choose({ lat, lon }, go = false) {
    this.#point = { lat, lon };
    this.#show(go);
    if (this.#isChosenByHand) return void this.#nameCities();
    await this.#nameCities();
    if (this.#isChosenByHand || this.#point?.lat !== lat) return;
    const inTown = !this.#cities.length || nearest(this.#cities, lat, lon) !== null;
    this.exactness.value = inTown ? this.finest : Math.min(OUTSIDE_TOWNS, this.finest);
    this.status.textContent = inTown ? "" : t("place.outside");
    this.#show(go);
  }

  #byHand() {
    this.#isChosenByHand = true;
    this.status.textContent = "";
    this.#show(false);
  }

  #show(go) {
    const characters = Number(this.exactness.value);
    this.cell = this.#point ? encode(this.#point.lat, this.#point.lon, characters) : "";
    this.map.show({ cell: this.cell, go });
    this.howExact.hidden = !this.cell; // a patch of nowhere has no size
    this.#tellSize();
    fill(this.sent, this.cell ? [t("place.sent"), " ", h("code", { dir: "ltr" }, this.cell)] : t("place.none"));
    this.#onChange(this.cell, this.map);
  }

  /** Tells how big the patch is, and by which city it lies once they are known. */
  #tellSize() {
    if (!this.cell) return;
    const { width_m, height_m } = size(this.cell);
    const { lat, lon } = centre(this.cell);
    const city = nearest(this.#cities, lat, lon);
    const args = { width: metres(width_m), height: metres(height_m), city: city?.name };
    set(this.size, t(city ? "place.size.near" : "place.size", args));
    this.exactness.setAttribute("aria-valuetext", this.size.textContent);
  }
}
