/** Mean log loss from log-odds, without overflow. */
export function lossOf(logits: Float64Array, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let row = 0; row < logits.length; row += 1) {
    const score = logits[row] as number;
    const log = score > 0 ? score + Math.log1p(Math.exp(-score)) : Math.log1p(Math.exp(score));
    sum += log - (labels[row] as number) * score;
  }
  return sum / logits.length;
}

export function concatenate(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What a member said of rows that it had not seen, and the capacity at which it said it best. */
export interface Judged {
  readonly logits: Float64Array;
  readonly loss: number;
  readonly capacity: number;
}
