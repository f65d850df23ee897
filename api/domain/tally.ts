/** What the codes and campaigns accepted so far take of each counter, on top of what was used before. */
import type { Counter } from "./counters.ts";
import type { Take } from "./decision.ts";

/** What one use takes. */
interface Use {
  readonly discountAmount: number;
  /** Σ of the order's lines: counted once a campaign, however many codes of it the order uses. */
  readonly orderAmount: number;
  /** What a gift card pays. */
  readonly balance: number;
  readonly points: number;
}

interface Taken {
  readonly counter: Counter;
  uses: number;
  amount: number;
  orders: number;
  balance: number;
}

export class Tally {
  readonly #taken = new Map<string, Taken>();
  #points = 0;

  get points(): number {
    return this.#points;
  }

  usesOf(counter: Counter): number {
    return counter.used.redemptionsCount + (this.#taken.get(counter.sortKey)?.uses ?? 0);
  }

  amountOf(counter: Counter): number {
    return counter.used.discountAmount + (this.#taken.get(counter.sortKey)?.amount ?? 0);
  }

  /** Whether this order's value counts for the campaign already. */
  hasOrder(counter: Counter): boolean {
    return this.#taken.has(counter.sortKey);
  }

  /** One more use of each counter. */
  take(counters: readonly Counter[], use: Use): void {
    this.#points += use.points;
    for (const counter of counters) {
      const { kind } = counter.target;
      const orders = kind === "campaign" ? use.orderAmount : 0;
      const balance = kind === "voucher" ? use.balance : 0;
      const before = this.#taken.get(counter.sortKey);
      if (before === undefined) {
        this.#taken.set(counter.sortKey, { counter, uses: 1, amount: use.discountAmount, orders, balance });
      } else {
        before.uses += 1;
        before.amount += use.discountAmount;
        before.balance += balance;
      }
    }
  }

  /** In lock order: by kind, then by id, compared by code unit as Postgres' "C" collation compares ASCII; points last. */
  takes(): Take[] {
    const entries = [...this.#taken.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const takes = entries.map(([, taken]) => takeOf(taken));
    if (this.#points > 0) {
      takes.push({ kind: "points", uses: 0, amount: this.#points, usesMax: null, amountMax: null });
    }
    return takes;
  }
}

function takeOf({ counter, uses, amount, orders, balance }: Taken): Take {
  const { target, usesMax, ordersMax } = counter;
  // A budget that was lowered below what is used already holds nobody back who takes nothing from it.
  const amountMax = amount === 0 ? null : counter.amountMax;
  const common = { uses, amount, usesMax, amountMax };
  if (target.kind === "campaign") return { ...target, orders, ordersMax, ...common };
  return target.kind === "voucher" ? { ...target, balance, ...common } : { ...target, ...common };
}
