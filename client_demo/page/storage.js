/*
 * What the page keeps for itself: in the browser's storage where there is some, else for as long as the page is open.
 *
 * Browsers deny storage (a setting, a private window) and fill it (a quota); nobody is kept out for that. Knows texts by
 * name; never knows what they are for.
 */

export class Kept {
  #area;
  #instead = new Map();

  /** @param {"sessionStorage" | "localStorage"} area where denied, its very name throws */
  constructor(area) {
    this.#area = area;
  }

  /** Returns a text, or null if there is none. */
  get(name) {
    return this.#instead.get(name) ?? this.#tried((storage) => storage.getItem(name)) ?? null;
  }

  set(name, text) {
    this.#instead.delete(name);
    const isKept = this.#tried((storage) => (storage.setItem(name, text), true));
    if (isKept) return;
    this.#instead.set(name, text);
    this.#tried((storage) => storage.removeItem(name)); // what stood there is no longer true
  }

  remove(name) {
    this.#instead.delete(name);
    this.#tried((storage) => storage.removeItem(name));
  }

  /** Returns what this page put there under a name, as a value; null where it is none of its making. */
  read(name) {
    try {
      return JSON.parse(this.get(name));
    } catch {
      return null;
    }
  }

  write(name, value) {
    this.set(name, JSON.stringify(value));
  }

  #tried(act) {
    try {
      return act(globalThis[this.#area]);
    } catch {
      return undefined;
    }
  }
}

/** For this tab alone; outlasts the page's being loaded anew. */
export const forTab = new Kept("sessionStorage");

/** For all pages of this server, from now on. */
export const forGood = new Kept("localStorage");
