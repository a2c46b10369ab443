/*
 * Which seat one has, how far one has heard there, and whether what was missed is still coming.
 *
 * Knows the numbers of a room's events, which have no holes, and what to resume from. Never knows a connection, nor what
 * follows from a hole or from another seat: it tells whoever asks.
 */

export class Seat {
  #missed = 0; // how many events a replay begins without
  #fence = ""; // of what is asked once a replay begins
  #replayed = 0; // of messages of others

  /** @param {object} [known] of an earlier page: {room, me, seq} */
  constructor(known) {
    this.room = known?.room ?? "";
    this.me = known?.me ?? "";
    this.seq = known?.seq ?? 0;
    this.firstSeq = this.seq; // where one sat down
  }

  get isReplaying() {
    return this.#fence !== "";
  }

  /** How many messages of others were said in one's absence, as far as they have come. */
  get replayed() {
    return this.#replayed;
  }

  /** Takes a `room`; tells whether the seat is another than before. */
  take({ room, me, seq, missed = 0 }) {
    // A seat that was given up may be found again in the same room: what was said meanwhile is lost, as in another.
    const isOther = room !== this.room || (this.me && me !== this.me);
    Object.assign(this, { room, me, seq });
    this.#missed = missed;
    if (isOther) this.firstSeq = seq;
    return isOther;
  }

  /** Tells of an event whether it is "new", "old", or comes after a "hole" in the numbers. */
  place({ type, seq }) {
    if (type === "room" || typeof seq !== "number") return "new";
    if (seq <= this.seq) return "old";
    if (seq !== this.seq + 1 && seq !== this.seq + 1 + this.#missed) return "hole";
    this.seq = seq;
    this.#missed = 0;
    return "new";
  }

  /** A replay may have begun: answers keep their order, so once this ref is answered, everything missed has come. */
  catchUp(ref) {
    this.#fence = ref;
    this.#replayed = 0;
  }

  /** Counts a message of somebody else. */
  count() {
    if (this.isReplaying) this.#replayed += 1;
  }

  /** Tells whether this is what a replay ends with. */
  hasCaughtUp({ type, ref }) {
    return this.isReplaying && type === "pong" && ref === this.#fence;
  }

  /** Nothing is replayed, or not any more. */
  settle() {
    this.#fence = "";
  }
}
