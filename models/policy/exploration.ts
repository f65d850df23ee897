/**
 * A ranking that explores, with the probability of every place known exactly.
 *
 * With probability 1 − ε the policy shows its own ranking, with ε the candidates in an order drawn at random, each as
 * likely as any other. So candidate i stands at a rank with probability (1 − ε)·[the ranking has i there] + ε / n: a
 * number, not a sum over orders. Sampling without replacement by scores (Plackett–Luce) would explore what is promising
 * more than what is not, but the probability of a place is then a sum over everything that may stand before it, which
 * nobody can compute for hundreds of candidates; and an evaluation is only as good as the propensities it divides by.
 */

export interface Ranking {
  /** Indices of candidates, best first. */
  readonly order: readonly number[];
  readonly explored: boolean;
}

/**
 * @param greedy the policy's own ranking, indices of candidates; nothing twice
 * @param candidates how many there are, of which `greedy` is some or all
 * @param share ε, from 0 to 1
 * @param random uniform in [0, 1)
 */
export function explore(greedy: readonly number[], candidates: number, share: number, random: () => number): Ranking {
  if (share === 0 || random() >= share) return { order: greedy, explored: false };
  return { order: shuffledStart(candidates, greedy.length, random), explored: true };
}

/** Every candidate that the ranking does not have at this rank is there with ε / n, the other with 1 − ε more. */
export function propensityOf(isOwnChoice: boolean, candidates: number, share: number): number {
  return (isOwnChoice ? 1 - share : 0) + share / candidates;
}

/** The first so many of a random order (Fisher–Yates, stopped early). */
function shuffledStart(candidates: number, length: number, random: () => number): number[] {
  const order = Array.from({ length: candidates }, (_, index) => index);
  for (let place = 0; place < length; place += 1) {
    const other = place + Math.floor(random() * (candidates - place));
    const kept = order[place] ?? 0;
    order[place] = order[other] ?? 0;
    order[other] = kept;
  }
  return order.slice(0, length);
}
