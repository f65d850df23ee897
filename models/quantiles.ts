/** Where a value lies among evenly spaced ascending quantiles: 0 to 1, linear in between. */
export function percentile(quantiles: readonly number[], value: number): number {
  const last = quantiles.length - 1;
  let low = 0;
  let high = last;
  if (value < (quantiles[0] ?? 0)) return 0;
  if (value >= (quantiles[last] ?? 0)) return 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (value < (quantiles[middle] ?? 0)) high = middle;
    else low = middle;
  }
  const from = quantiles[low] ?? 0;
  const to = quantiles[high] ?? from;
  return (low + (to > from ? (value - from) / (to - from) : 0)) / last;
}
