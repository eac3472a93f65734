// SHA-256 (FIPS 180-4) of what comes in parts: `crypto.subtle` takes a whole file at once or nothing, and is missing over
// plain http.
const isPrime = (number) => {
  for (let by = 2; by * by <= number; by += 1) if (number % by === 0) return false;
  return true;
};
const PRIMES = Array.from({ length: 310 }, (_, index) => index + 2).filter(isPrime).slice(0, 64);
const fraction = (root) => ((root - Math.floor(root)) * 2 ** 32) | 0;
const ROUNDS = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const BEGIN = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const BLOCK = 64;

export class Sha256 {
  constructor() {
    this.state = Int32Array.from(BEGIN);
    this.words = new Int32Array(BLOCK);
    this.rest = new Uint8Array(2 * BLOCK);
    this.kept = 0;
    this.length = 0;
  }

  /** Take more bytes (Uint8Array). */
  update(bytes) {
    this.length += bytes.length;
    let at = 0;
    if (this.kept) {
      at = Math.min(BLOCK - this.kept, bytes.length);
      this.rest.set(bytes.subarray(0, at), this.kept);
      this.kept += at;
      if (this.kept < BLOCK) return this;
      this.block(this.rest, 0);
    }
    for (; at + BLOCK <= bytes.length; at += BLOCK) this.block(bytes, at);
    this.kept = bytes.length - at;
    this.rest.set(bytes.subarray(at), 0);
    return this;
  }

  /** The digest as 64 hexadecimal digits; nothing can be added after it. */
  hex() {
    const { rest, kept, length } = this;
    const end = kept + 9 > BLOCK ? 2 * BLOCK : BLOCK;
    rest.fill(0, kept, end);
    rest[kept] = 0x80;
    const view = new DataView(rest.buffer);
    view.setUint32(end - 8, Math.floor(length / 2 ** 29));
    view.setUint32(end - 4, (length << 3) >>> 0);
    for (let at = 0; at < end; at += BLOCK) this.block(rest, at);
    return Array.from(this.state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }

  block(bytes, from) {
    const { words, state } = this;
    for (let i = 0, at = from; i < 16; i += 1, at += 4) {
      words[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    }
    for (let i = 16; i < BLOCK; i += 1) {
      const x = words[i - 15];
      const y = words[i - 2];
      const small = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const large = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      words[i] = (words[i - 16] + small + words[i - 7] + large) | 0;
    }
    mix(words, state);
  }
}

// Apart from the class, and without lists: a browser makes fast code of it, and a large file is read in seconds.
function mix(words, state) {
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let i = 0; i < BLOCK; i += 1) {
    const one = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const first = (h + one + ((e & f) ^ (~e & g)) + ROUNDS[i] + words[i]) | 0;
    const zero = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const second = (zero + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
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
