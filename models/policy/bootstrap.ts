/** Resampling whole clusters with replacement (Efron 1979; by cluster: Field & Welsh 2007). */
import { seeded } from "../training/random.ts";

/** Sums of one cluster, or of all: decisions, rows, weights w, w·reward, the direct method, w·(reward − predicted). */
export type Sums = Readonly<Record<"decisions" | "rows" | "weight" | "weighted" | "direct" | "residual", number>>;

/** What `of` gives for the totals of each resample, `times` of them; the same seed gives the same. */
export function resampled<T>(sums: readonly Sums[], times: number, seed: number, of: (total: Sums) => T): T[] {
  const random = seeded(seed);
  const size = sums.length;
  const draws: T[] = [];
  for (let draw = 0; draw < times; draw += 1) {
    const total = { decisions: 0, rows: 0, weight: 0, weighted: 0, direct: 0, residual: 0 };
    for (let pick = 0; pick < size; pick += 1) {
      const one = sums[Math.floor(random() * size)];
      if (one === undefined) continue;
      total.decisions += one.decisions;
      total.rows += one.rows;
      total.weight += one.weight;
      total.weighted += one.weighted;
      total.direct += one.direct;
      total.residual += one.residual;
    }
    draws.push(of(total));
  }
  return draws;
}
