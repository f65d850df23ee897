/** Transactions as purchase histories: what a customer bought on one day (UTC) is one purchase. */

export interface Transaction {
  readonly customer: string;
  /** Epoch ms. */
  readonly at: number;
  /** In any unit; absent where only counts matter. */
  readonly amount?: number;
}

export interface PurchaseHistory {
  readonly customer: string;
  /** Days since 1970, ascending, each once. */
  readonly days: readonly number[];
  /** What was spent on each of them. */
  readonly amounts: readonly number[];
}

export const dayMs = 86_400_000;

export function collectHistories(transactions: Iterable<Transaction>, untilDay: number): PurchaseHistory[] {
  const customers = new Map<string, Map<number, number>>();
  for (const { customer, at, amount } of transactions) {
    const day = Math.floor(at / dayMs);
    if (day > untilDay) continue;
    const days = customers.get(customer) ?? new Map<number, number>();
    days.set(day, (days.get(day) ?? 0) + (amount ?? 0));
    customers.set(customer, days);
  }
  return [...customers].map(([customer, spent]) => {
    const days = [...spent.keys()].sort((a, b) => a - b);
    return { customer, days, amounts: days.map((day) => spent.get(day) ?? 0) };
  });
}
