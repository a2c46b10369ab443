/*
 * A WebSocket that is opened anew after a break, and given up once it owes an answer for too long.
 *
 * Knows when something came, what is due and how long to wait. Never knows what is said: whoever has it says what ends it
 * for good, what a `bye` asked for, and when an answer is due; it asks for a sign of life where there is a doubt.
 */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const DRAIN = 4000;
const STEADY_MS = 10_000; // a connection that lived this long was a good one: waits begin small again
const OPEN_TIMEOUT_MS = 15_000;
const ANSWER_TIMEOUT_MS = 12_000;
const OFFLINE_MS = 3_000; // where the browser says that the network is gone: it mostly is
const QUIET_MS = 25_000; // a browser cannot see the server's pings; after this we ask ourselves
const LOOK_EVERY_MS = 2_000;

/** Returns how long to wait before coming back: never less than the server asked for, and a part of it by chance. */
function waitMs(bye, attempt) {
  const asked = (bye?.reconnect_in ?? 0) * 1000;
  const base = Math.max(asked, Math.min(LONGEST_WAIT_MS, (asked || FIRST_WAIT_MS) * 2 ** attempt));
  // A server that drains has spread its people itself: as much again would keep them away for nothing.
  return base + (bye?.code === DRAIN ? FIRST_WAIT_MS : base) * Math.random();
}

export class Connection {
  #socket = null;
  #wanted = false;
  #attempt = 0;
  #openedAt = 0;
  #heardAt = 0;
  #askedAt = 0; // since when an answer is due, 0 if none is
  #wasOpen = false; // whether the one that ended last had been
  #retryTimer = 0;
  #doubtTimer = 0;
  #looking = 0;
  #owner;

  /**
   * @param {string} url
   * @param {string} subprotocol
   * @param {object} owner what is told to whom has it:
   *   connecting(attempt), opened(), heard(data); lost(), whenever there is none any more; ended(code), where it was not
   *   given up from here: what follows is to be said (`comeBack`, or `stop`); waiting(why, retryAt), until the next try;
   *   mayAsk(), whether a sign of life may be asked for, and ask(), which does
   */
  constructor(url, subprotocol, owner) {
    this.url = url;
    this.subprotocol = subprotocol;
    this.#owner = owner;
  }

  /** Whether it is to be there: from `start` to `stop`. */
  get isWanted() {
    return this.#wanted;
  }

  get isOpen() {
    return this.#openedAt > 0;
  }

  /** Something that is another after each break. */
  get current() {
    return this.#socket;
  }

  start() {
    this.#wanted = true;
    globalThis.addEventListener?.("online", this.retryNow);
    globalThis.addEventListener?.("offline", this.#doubt);
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#connect();
  }

  stop() {
    this.#wanted = false;
    globalThis.removeEventListener?.("online", this.retryNow);
    globalThis.removeEventListener?.("offline", this.#doubt);
    clearInterval(this.#looking);
    clearTimeout(this.#doubtTimer);
    clearTimeout(this.#retryTimer);
    this.close();
  }

  /** Ends the present one; nothing follows by itself. */
  close() {
    this.#detach()?.close();
  }

  /** Ends the present one, if there is one, and opens another. */
  renew() {
    this.close();
    this.#connect();
  }

  /** Gives the present one up without waiting for a closing handshake that a dead network would not finish. */
  drop() {
    const socket = this.#socket;
    this.#ended(1006);
    socket?.close();
  }

  /** Sends a command; `expects` says whether it is answered. */
  send(command, { expects = true } = {}) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    if (expects && !this.#askedAt) this.#askedAt = performance.now();
    this.#socket.send(JSON.stringify(command));
  }

  /** Nothing is due. */
  settle() {
    this.#askedAt = 0;
  }

  /** What is due goes on from what came last. */
  expectMore() {
    this.#askedAt = this.#heardAt;
  }

  /** What is due is to come within this time from now. */
  expectWithin(ms) {
    this.#askedAt = performance.now() - ANSWER_TIMEOUT_MS + ms;
  }

  /** Ends the present wait before the next try. */
  retryNow = () => {
    if (!this.#wanted || this.#socket) return;
    clearTimeout(this.#retryTimer);
    this.#connect();
  };

  /** Tries again after some time; it takes longer from one try to the next, and as long as a `bye` asked for. */
  comeBack(bye, why) {
    const wait = waitMs(bye, this.#attempt);
    this.#attempt += 1;
    this.retryIn(wait, why);
    if (!this.#wasOpen) this.#askWhy(why.code);
  }

  /** Tries again after this time. */
  retryIn(wait, why) {
    if (!this.#wanted) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#connect(), wait);
    this.#owner.waiting(why, Date.now() + wait);
  }

  #connect() {
    this.#owner.connecting(this.#attempt);
    const socket = new WebSocket(this.url, [this.subprotocol]);
    this.#socket = socket;
    this.#openedAt = 0;
    this.#heardAt = performance.now(); // a clock on the wall may be set while one waits
    const mine = (act) => (event) => socket === this.#socket && act(event);
    socket.onopen = mine(() => {
      this.#openedAt = this.#heardAt = performance.now();
      this.#owner.opened();
    });
    socket.onmessage = mine(({ data }) => {
      this.#heardAt = performance.now();
      this.#owner.heard(data);
    });
    socket.onclose = mine(({ code }) => this.#ended(code));
  }

  #detach() {
    const socket = this.#socket;
    this.#socket = null;
    this.#openedAt = 0;
    this.#askedAt = 0;
    this.#owner.lost();
    return socket;
  }

  #ended(code) {
    this.#wasOpen = this.isOpen;
    const isSteady = this.isOpen && performance.now() - this.#openedAt >= STEADY_MS;
    this.#detach();
    if (isSteady) this.#attempt = 0;
    this.#owner.ended(code);
  }

  /** A browser does not tell why a WebSocket was refused; /readyz does. */
  async #askWhy(code) {
    const url = new URL("readyz", this.url.replace(/^ws/, "http"));
    let told;
    try {
      told = await (await fetch(url, { signal: AbortSignal.timeout(5000), cache: "no-store" })).json();
    } catch {
      return; // nobody there: the wait that is running stands
    }
    if (told.ready || !told.retry_after || this.#socket || !this.#wanted) return;
    this.retryIn(told.retry_after * 1000 * (1 + Math.random()), { code, why_code: told.reason });
  }

  /** A dead network says nothing: whoever owes an answer for too long is not there. */
  #look() {
    if (!this.#socket) return;
    const now = performance.now();
    if (!this.isOpen) {
      if (now - this.#heardAt > OPEN_TIMEOUT_MS) this.drop();
    } else if (this.#askedAt && now - this.#askedAt > ANSWER_TIMEOUT_MS) {
      this.drop();
    } else if (!this.#askedAt && now - this.#heardAt > QUIET_MS && this.#owner.mayAsk()) {
      this.#owner.ask();
    }
  }

  /** Looks at once: a browser that says "offline" may have lost one network of two. */
  #doubt = () => {
    if (!this.isOpen || !this.#owner.mayAsk()) return;
    this.#owner.ask();
    this.#askedAt = Math.min(this.#askedAt || Infinity, performance.now() - ANSWER_TIMEOUT_MS + OFFLINE_MS);
    clearTimeout(this.#doubtTimer);
    this.#doubtTimer = setTimeout(() => this.#look(), OFFLINE_MS + 10);
  };
}
