/** Arithmetic on integer minor units. Products go through BigInt: an amount times a percent or a weight can leave 2^53. */

/** `bp` basis points of `amount`, rounded half up to the minor unit. Both non-negative. */
export function percentOf(amount: number, bp: number): number {
  return divideHalfUp(BigInt(amount) * BigInt(bp), 10_000n);
}

/** The share of `part` in `whole` of `amount`, rounded half up: what `part` units of a line of `whole` units still cost. */
export function proportionOf(amount: number, part: number, whole: number): number {
  if (part === whole) return amount;
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
  if (weights.length === 0) return [];
  const sum = weights.reduce((a, b) => a + BigInt(b), 0n);
  const effective = sum > 0n ? weights.map(BigInt) : weights.map(() => 1n);
  const divisor = sum > 0n ? sum : BigInt(weights.length);
  const parts = effective.map((weight, index) => {
    const product = BigInt(total) * weight;
    return { index, floor: Number(product / divisor), remainder: product % divisor };
  });
  const shares = parts.map((part) => part.floor);
  let missing = total - shares.reduce((a, b) => a + b, 0);
  const byRemainder = [...parts].sort((a, b) =>
    a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
  );
  for (const part of byRemainder) {
    if (missing === 0) break;
    shares[part.index] = part.floor + 1;
    missing -= 1;
  }
  return shares;
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

/** "4.20 EUR" for 420: the form messages to shoppers use. */
export function formatMoney(minor: number, currency: string): string {
  const exponent = Object.hasOwn(exponents, currency) ? (exponents[currency] ?? 2) : 2;
  const digits = String(Math.abs(minor)).padStart(exponent + 1, "0");
  const whole = digits.slice(0, digits.length - exponent);
  const fraction = exponent > 0 ? `.${digits.slice(-exponent)}` : "";
  return `${minor < 0 ? "-" : ""}${whole}${fraction} ${currency}`;
}
