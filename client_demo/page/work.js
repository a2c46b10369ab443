/*
 * Proof of work (docs/PROTOCOL.md): finds a text s such that SHA-256(nonce + s) begins with so many zero bits.
 *
 * Plain arithmetic: pages without a secure context have no crypto.subtle, and it is slow for a million short texts. The
 * file is its own worker, so that the page stays awake meanwhile; where none can be had the work is done in slices.
 */

const MOST_BITS = 22; // half a minute of a phone's; more than this no server may ask
const SLICE = 4096;
const DIGITS = 7; // of base 36: 78 billions of tries, where 22 bits take 4 millions on average

// FIPS 180-4, 4.2.2 and 5.3.3: the first 32 bits of the fractional parts of roots of the first primes.
const PRIMES = firstPrimes(64);
const fraction = (root) => Math.floor((root - Math.floor(root)) * 2 ** 32) | 0;
const ROUND = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

/** Returns a text that does it; rejects where too much is asked. */
export function solved({ nonce, bits }) {
  if (!(bits <= MOST_BITS)) return Promise.reject(new RangeError(`${bits} bits are too many`));
  return new Promise((resolve) => {
    const here = () => resolve(inSlices(nonce, bits));
    let worker;
    try {
      worker = new Worker(import.meta.url, { type: "module" });
    } catch {
      return here(); // a script of another origin may not be a worker
    }
    const end = (then) => (event) => (worker.terminate(), then(event));
    worker.onmessage = end(({ data }) => resolve(data));
    worker.onerror = end(here);
    return worker.postMessage({ nonce, bits });
  });
}

/** Returns the first text from a number on that does it, or null if none of so many does. */
export function search(nonce, bits, from, count) {
  const before = new TextEncoder().encode(nonce);
  // All texts are of one length, so that only their letters change from one try to the next.
  const padded = paddedFor(before.length + DIGITS);
  new Uint8Array(padded.buffer).set(before);
  for (let number = from; number < from + count; number++) {
    const text = number.toString(36).padStart(DIGITS, "0");
    for (let at = 0; at < DIGITS; at++) padded.setUint8(before.length + at, text.charCodeAt(at));
    const [first, second] = digest(padded);
    if ((first ? Math.clz32(first) : 32 + Math.clz32(second)) >= bits) return text;
  }
  return null;
}

/** Returns the digest as eight 32-bit words (FIPS 180-4, 6.2). */
export function sha256(bytes) {
  const padded = paddedFor(bytes.length);
  new Uint8Array(padded.buffer).set(bytes);
  return digest(padded);
}

/** Returns zeros with the padding of a message of so many bytes (FIPS 180-4, 5.1.1). */
function paddedFor(length) {
  const padded = new DataView(new ArrayBuffer((length + 72) & ~63));
  padded.setUint8(length, 0x80);
  padded.setUint32(padded.byteLength - 4, length * 8);
  return padded;
}

const state = new Int32Array(8);
const w = new Int32Array(64);

function digest(padded) {
  state.set(START);
  for (let block = 0; block < padded.byteLength; block += 64) {
    for (let t = 0; t < 16; t++) w[t] = padded.getInt32(block + 4 * t);
    compress();
  }
  return Int32Array.from(state);
}

function compress() {
  for (let t = 16; t < 64; t++) {
    const p = w[t - 15];
    const q = w[t - 2];
    const s0 = ((p >>> 7) | (p << 25)) ^ ((p >>> 18) | (p << 14)) ^ (p >>> 3);
    const s1 = ((q >>> 17) | (q << 15)) ^ ((q >>> 19) | (q << 13)) ^ (q >>> 10);
    w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < 64; t++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[t] + w[t]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

function firstPrimes(count) {
  const found = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime)) found.push(n);
  return found;
}

async function inSlices(nonce, bits) {
  for (let from = 0; ; from += SLICE) {
    const text = search(nonce, bits, from, SLICE);
    if (text !== null) return text;
    await new Promise((next) => setTimeout(next));
  }
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  self.onmessage = ({ data: { nonce, bits } }) => self.postMessage(search(nonce, bits, 0, Infinity));
}
