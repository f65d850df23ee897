/**
 * Which units make a bundle when several components want the same ones.
 *
 * A line is known by the set of components it fits, as bits. By Hall's theorem the components can be filled `times`
 * times exactly when, for each set of components, enough units fit any of them; and chosen units can be told apart
 * again into components exactly when, for each set, no more units fit nothing outside it than it has places. Choosing
 * the dearest unit that keeps this true, over and over, gives the dearest bundles there are (the sets that can be told
 * apart form a matroid). It takes lines × 2^components steps, never a step a unit.
 */
export interface Components {
  /** Per line, the components that it fits: bit i for component i. */
  readonly fits: readonly number[];
  readonly quantities: readonly number[];
  /** Units of each line. */
  readonly units: readonly number[];
}

/** How often all components can be had together. */
export function bundleTimes({ fits, quantities, units }: Components): number {
  let times = Number.MAX_SAFE_INTEGER;
  for (let set = 1; set < 1 << quantities.length; set += 1) {
    let available = 0;
    for (let line = 0; line < fits.length; line += 1) {
      if (((fits[line] ?? 0) & set) !== 0) available += units[line] ?? 0;
    }
    times = Math.min(times, Math.floor(available / placesOf(set, quantities)));
    if (times === 0) return 0;
  }
  return times;
}

/** Units per line for that many bundles; `dearestFirst` orders the lines. */
export function bundleUnits(components: Components, times: number, dearestFirst: readonly number[]): number[] {
  const { fits, quantities, units } = components;
  const sets = 1 << quantities.length;
  // Places of each set of components that chosen units have not taken yet.
  const free = new Array<number>(sets);
  for (let set = 0; set < sets; set += 1) free[set] = times * placesOf(set, quantities);
  const chosen = new Array<number>(fits.length).fill(0);
  for (const line of dearestFirst) {
    const fit = fits[line] ?? 0;
    let take = fit === 0 ? 0 : (units[line] ?? 0);
    for (let set = fit; set < sets && take > 0; set += 1) {
      if ((set & fit) === fit) take = Math.min(take, free[set] ?? 0);
    }
    if (take === 0) continue;
    for (let set = fit; set < sets; set += 1) if ((set & fit) === fit) free[set] = (free[set] ?? 0) - take;
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
