// Works out a challenge of the server's (package toll) apart from the page, so
// that typing stays smooth: finds a number n so that SHA-256 of "<text>.<n>"
// begins with so many zero bits. Its own SHA-256, because the browser's answers
// each hash by way of a promise, at a hundredth of the speed.
const K = new Uint32Array(64);
const START = new Uint32Array(8);
{
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0;
  primes.forEach((p, i) => {
    K[i] = fraction(Math.cbrt(p));
    if (i < 8) START[i] = fraction(Math.sqrt(p));
  });
}

const w = new Uint32Array(64);
const turn = (x, n) => (x >>> n) | (x << (32 - n));

/** SHA-256 (FIPS 180-4) of a short ASCII text, as eight words. */
export function sha256(text) {
  const size = (((text.length + 8) >> 6) + 1) << 6;
  const bytes = new DataView(new ArrayBuffer(size));
  for (let i = 0; i < text.length; i++) bytes.setUint8(i, text.charCodeAt(i));
  bytes.setUint8(text.length, 0x80);
  bytes.setUint32(size - 4, text.length * 8);
  const h = Uint32Array.from(START);
  for (let at = 0; at < size; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = bytes.getUint32(at + i * 4);
    for (let i = 16; i < 64; i++) {
      const a = w[i - 15];
      const b = w[i - 2];
      w[i] =
        w[i - 16] +
        (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) +
        w[i - 7] +
        (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
    }
    let [a, b, c, d, e, f, g, k] = h;
    for (let i = 0; i < 64; i++) {
      const one = (k + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      k = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, k].forEach((v, i) => {
      h[i] += v;
    });
  }
  return h;
}

/** The solution of a challenge: "<text>.<n>". bits is at most 32. */
export function solve(text, bits) {
  for (let n = 0; ; n++) {
    const solution = `${text}.${n}`;
    if (sha256(solution)[0] >>> (32 - bits) === 0) return solution;
  }
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  self.onmessage = ({ data }) => self.postMessage(solve(data.text, data.bits));
}
