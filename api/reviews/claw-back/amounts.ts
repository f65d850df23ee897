/** Sums by currency, in the order of the currencies; nothing where there is nothing. */
export function totalsOf(
  parts: readonly { readonly currency: string | null; readonly amount: number | null }[],
): { currency: string; amount: number }[] {
  const sums = new Map<string, number>();
  for (const { currency, amount } of parts) {
    if (currency !== null && amount !== null) sums.set(currency, (sums.get(currency) ?? 0) + amount);
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, amount]) => ({ currency, amount }));
}
