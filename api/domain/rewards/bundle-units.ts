/**
 * Which units make a bundle when several components want the same ones.
 *
 * A line is known by the set of components it fits, as bits. By Hall's theorem the components can be filled `times`
 * times exactly when, for each set of components, enough units fit any of them; and chosen units can be told apart
 * again into components exactly when, for each set, no more units fit nothing outside it than it has places. Choosing
 * the dearest unit that keeps this true, over and over, gives the dearest bundles there are (the sets that can be told
 * apart form a matroid). It takes at most lines × 2^components steps, never a step a unit.
 */
export interface Components {
  /** Per line, the components that it fits: bit i for component i; 0 for none. */
  readonly fits: readonly number[];
  readonly quantities: readonly number[];
  /** Units of each line. */
  readonly units: readonly number[];
}

/** How often all components can be had together. */
export function bundleTimes({ fits, quantities, units }: Components): number {
  const all = (1 << quantities.length) - 1;
  // Units that fit nothing outside a set: first by exactly the set, then summed over its subsets, bit by bit.
  const within = new Array<number>(all + 1).fill(0);
  for (let line = 0; line < fits.length; line += 1) {
    const fit = fits[line] ?? 0;
    within[fit] = (within[fit] ?? 0) + (units[line] ?? 0);
  }
  for (let bit = 1; bit <= all; bit <<= 1) {
    for (let set = 0; set <= all; set += 1) {
      if ((set & bit) !== 0) within[set] = (within[set] ?? 0) + (within[set ^ bit] ?? 0);
    }
  }
  let times = Number.MAX_SAFE_INTEGER;
  for (let set = 1; set <= all; set += 1) {
    const available = (within[all] ?? 0) - (within[all ^ set] ?? 0);
    times = Math.min(times, Math.floor(available / placesOf(set, quantities)));
  }
  return times;
}

/** Units per line for that many bundles; `dearestFirst` orders the lines. */
export function bundleUnits(components: Components, times: number, dearestFirst: readonly number[]): number[] {
  const { fits, quantities, units } = components;
  const all = (1 << quantities.length) - 1;
  // Places of each set of components that chosen units have not taken yet.
  const free = new Array<number>(all + 1);
  for (let set = 0; set <= all; set += 1) free[set] = times * placesOf(set, quantities);
  const chosen = new Array<number>(fits.length).fill(0);
  for (const line of dearestFirst) {
    if (free[all] === 0) break;
    const fit = fits[line] ?? 0;
    let take = units[line] ?? 0;
    // `(set + 1) | fit` steps through the sets that contain `fit`.
    for (let set = fit; set <= all && take > 0; set = (set + 1) | fit) take = Math.min(take, free[set] ?? 0);
    if (take === 0) continue;
    for (let set = fit; set <= all; set = (set + 1) | fit) free[set] = (free[set] ?? 0) - take;
    chosen[line] = take;
  }
  return chosen;
}

function placesOf(set: number, quantities: readonly number[]): number {
  let places = 0;
  for (let index = 0; index < quantities.length; index += 1) {
    if ((set & (1 << index)) !== 0) places += quantities[index] ?? 0;
  }
  return places;
}
