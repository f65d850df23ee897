/**
 * Arithmetic on integer minor units. A product that can leave 2^53 goes through BigInt; the usual ones stay plain
 * numbers, which are exact there and some twenty times faster.
 */

const exactMax = Number.MAX_SAFE_INTEGER;

/** `bp` basis points of `amount`, rounded half up to the minor unit. Both non-negative. */
export function percentOf(amount: number, bp: number): number {
  const product = amount * bp;
  // Twice the numerator must fit as well.
  if (product <= exactMax / 4) return Math.floor((product + 5_000) / 10_000);
  return divideHalfUp(BigInt(amount) * BigInt(bp), 10_000n);
}

/** The share of `part` in `whole` of `amount`, rounded half up: what `part` units of a line of `whole` units still cost. */
export function proportionOf(amount: number, part: number, whole: number): number {
  if (part === whole) return amount;
  const product = amount * part;
  if (product <= exactMax / 4 && whole <= exactMax / 4) return Math.floor((2 * product + whole) / (2 * whole));
  return divideHalfUp(BigInt(amount) * BigInt(part), BigInt(whole));
}

function divideHalfUp(numerator: bigint, denominator: bigint): number {
  return Number((2n * numerator + denominator) / (2n * denominator));
}

/**
 * Splits `total` over `weights` (both non-negative integers) so that the shares always add up to `total`: everyone
 * gets the floor, and what is left goes a unit each to the largest remainders, ties to the lower index.
 * No share exceeds its weight as long as `total` is at most the sum of the weights. When all weights are zero they
 * count as equal. Without weights there are no shares.
 */
export function splitByLargestRemainder(total: number, weights: readonly number[]): number[] {
  const length = weights.length;
  const shares = new Array<number>(length).fill(0);
  if (total === 0 || length === 0) return shares;
  let sum = 0;
  let largest = 0;
  for (const weight of weights) {
    sum += weight;
    if (weight > largest) largest = weight;
  }
  // Everything is given: each gets its own weight, whatever the sizes.
  if (total === sum && sum <= exactMax) return weights.slice();
  if (sum === 0) return splitByLargestRemainder(total, shares.fill(1));
  if (sum > exactMax || total * largest > exactMax) return splitHuge(total, weights);
  const remainders = new Array<number>(length);
  let missing = total;
  for (let index = 0; index < length; index += 1) {
    const product = total * (weights[index] ?? 0);
    const remainder = product % sum;
    const share = (product - remainder) / sum;
    remainders[index] = remainder;
    shares[index] = share;
    missing -= share;
  }
  giveRest(shares, missing, (a, b) => (remainders[b] ?? 0) - (remainders[a] ?? 0));
  return shares;
}

function splitHuge(total: number, weights: readonly number[]): number[] {
  const all = BigInt(total);
  const sum = weights.reduce((a, b) => a + BigInt(b), 0n);
  const products = weights.map((weight) => all * BigInt(weight));
  const remainders = products.map((product) => product % sum);
  const floors = products.map((product) => product / sum);
  const missing = Number(all - floors.reduce((a, b) => a + b, 0n));
  const shares = floors.map(Number);
  giveRest(shares, missing, (a, b) => {
    const difference = (remainders[b] ?? 0n) - (remainders[a] ?? 0n);
    return difference > 0n ? 1 : difference < 0n ? -1 : 0;
  });
  return shares;
}

/** One more for each of the first `missing` indexes in that order; fewer are missing than there are shares. */
function giveRest(shares: number[], missing: number, byRemainder: (a: number, b: number) => number): void {
  if (missing === 0) return;
  const order = shares.map((_, index) => index).sort((a, b) => byRemainder(a, b) || a - b);
  for (let place = 0; place < missing; place += 1) {
    const index = order[place] ?? 0;
    shares[index] = (shares[index] ?? 0) + 1;
  }
}

export function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

// ISO 4217, list one: the currencies in use whose minor unit is not a hundredth.
const exponents: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(" ").map((code) => [code, 0]),
  ),
  ...Object.fromEntries("BHD IQD JOD KWD LYD OMR TND".split(" ").map((code) => [code, 3])),
  CLF: 4,
  UYW: 4,
};

/** How many digits of an amount in minor units stand after the point. `Intl` says 0 for some that have 2, HUF say. */
export function minorDigits(currency: string): number {
  return Object.hasOwn(exponents, currency) ? (exponents[currency] ?? 2) : 2;
}

/** "4.20 EUR" for 420: the form messages to shoppers use. */
export function formatMoney(minor: number, currency: string): string {
  const exponent = minorDigits(currency);
  const digits = String(Math.abs(minor)).padStart(exponent + 1, "0");
  const whole = digits.slice(0, digits.length - exponent);
  const fraction = exponent > 0 ? `.${digits.slice(-exponent)}` : "";
  return `${minor < 0 ? "-" : ""}${whole}${fraction} ${currency}`;
}
