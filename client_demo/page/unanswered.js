/*
 * Commands that have no answer yet, each known by its `ref`.
 *
 * Knows which answer belongs to which command. Never knows what either is for, nor a connection: it is told what sends, and
 * when what was asked for is lost. Words are no commands here: they outlast a connection (outbox.js).
 */

/** Returns a ref that nobody can guess: the room sees refs. */
export function newRef() {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return Array.from(bytes, (byte) => byte.toString(36).padStart(2, "0")).join("");
}

export class Unanswered {
  #asked = new Map();
  #send;

  /** @param {(command: object) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** Sends a command; `resolve` gets its answer, `reject` the `error`, {code: "not_connected"}, or what is `held`. */
  ask(command, resolve, reject) {
    const ref = newRef();
    this.#asked.set(ref, { resolve, reject });
    this.#send({ ...command, ref });
  }

  /** Hands an event to whoever asked for it, if it is an answer to what was asked by `me`. */
  take(event, me) {
    if (!event.ref) return;
    // The room sees refs and may copy them: only my own echo or change is my answer.
    const whose = event.type === "said" ? event.from : event.id;
    if (whose !== undefined && whose !== me) return;
    const asked = this.#asked.get(event.ref);
    this.#asked.delete(event.ref);
    if (event.type === "error") asked?.reject(event);
    else if (event.type === "held") asked?.reject({ ...event, code: "held" });
    else asked?.resolve(event);
  }

  /** The connection is gone, and with it every answer. */
  lose() {
    for (const { reject } of this.#asked.values()) reject({ type: "error", code: "not_connected" });
    this.#asked.clear();
  }
}
