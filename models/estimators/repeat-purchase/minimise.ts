/** Nelder and Mead 1965: the lowest point of a function of few variables, without derivatives. */
import { setImmediate } from "node:timers/promises";

export interface Minimum {
  readonly at: number[];
  readonly value: number;
  readonly steps: number;
}

/** Others get their turn between two steps, at the latest after so long. */
const turnMs = 10;

export async function minimise(
  f: (at: readonly number[]) => number,
  start: readonly number[],
  stepsMax = 2_000,
): Promise<Minimum> {
  const count = start.length;
  const given = (at: number[]) => {
    const value = f(at);
    return { at, value: Number.isFinite(value) ? value : Number.MAX_VALUE };
  };
  const corners = [given([...start]), ...start.map((_, k) => given(start.map((x, j) => (j === k ? x + 0.5 : x))))];
  let steps = 0;
  let turn = performance.now();
  for (; steps < stepsMax; steps += 1) {
    if (performance.now() - turn > turnMs) {
      await setImmediate();
      turn = performance.now();
    }
    corners.sort((p, q) => p.value - q.value);
    const best = corners[0];
    const worst = corners[count];
    const second = corners[count - 1];
    if (best === undefined || worst === undefined || second === undefined) break;
    const size = Math.max(...worst.at.map((x, k) => Math.abs(x - (best.at[k] ?? 0))));
    if (size < 1e-7 && worst.value - best.value < 1e-8 * (1 + Math.abs(best.value))) break;
    const centre = start.map((_, k) => corners.slice(0, count).reduce((sum, { at }) => sum + (at[k] ?? 0), 0) / count);
    const along = (t: number) => given(centre.map((c, k) => c + t * ((worst.at[k] ?? 0) - c)));
    const reflected = along(-1);
    if (reflected.value < best.value) {
      const expanded = along(-2);
      corners[count] = expanded.value < reflected.value ? expanded : reflected;
      continue;
    }
    if (reflected.value < second.value) {
      corners[count] = reflected;
      continue;
    }
    const contracted = along(reflected.value < worst.value ? -0.5 : 0.5);
    if (contracted.value < Math.min(reflected.value, worst.value)) {
      corners[count] = contracted;
      continue;
    }
    for (let k = 1; k <= count; k += 1) {
      const corner = corners[k];
      if (corner !== undefined) corners[k] = given(corner.at.map((x, j) => ((best.at[j] ?? 0) + x) / 2));
    }
  }
  corners.sort((p, q) => p.value - q.value);
  return { at: corners[0]?.at ?? [...start], value: corners[0]?.value ?? Number.NaN, steps };
}
