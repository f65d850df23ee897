/** The lines that the SQL function `move` takes: which counter, by how much, and how far it may go. */
import type { Take } from "../domain/decision.ts";
import type { Facts } from "../domain/facts.ts";

export interface Line {
  readonly kind: "campaign" | "period" | "voucher" | "customer";
  readonly id: string;
  /** Main campaigns are "1", sub-campaigns "2": the order in which they are locked. */
  readonly rank?: string;
  /** Of a voucher: what it is locked by. */
  readonly code?: string;
  readonly scope?: "campaign" | "voucher";
  readonly customer_id?: string;
  readonly bucket?: string;
  readonly version?: number;
  readonly uses: number;
  readonly amount: number;
  readonly orders?: number;
  readonly balance?: number;
  readonly holds?: number;
  /** Switches the voucher off, if nobody has used it. */
  readonly disable?: boolean;
  readonly uses_max?: number | null;
  readonly amount_max?: number | null;
  readonly orders_max?: number | null;
}

/**
 * What a decision takes.
 *
 * @param customerId who the customer is, or will be once the redemption is recorded.
 * @param holds 1 for a reservation, which holds its vouchers.
 */
export function linesOf(takes: readonly Take[], facts: Facts, customerId: string | null, holds: 0 | 1): Line[] {
  const mains = new Set(
    [...facts.redeemables.map(({ campaign }) => campaign), ...facts.automatic].flatMap((c) => (c ? [c.parent.id] : [])),
  );
  const versions = new Map(facts.redeemables.flatMap(({ voucher: v }) => (v ? [[v.id, v.version] as const] : [])));
  const lines = takes.flatMap((take) => lineOf(take, { mains, versions, customerId, holds }));
  return inLockOrder(lines);
}

interface About {
  readonly mains: ReadonlySet<string>;
  /** Of vouchers, by id. */
  readonly versions: ReadonlyMap<string, number>;
  readonly customerId: string | null;
  readonly holds: 0 | 1;
}

/** Points are no line: their accounts move last. */
function lineOf(take: Take, { mains, versions, customerId, holds }: About): Line[] {
  const moved = { uses: take.uses, amount: take.amount, uses_max: take.usesMax, amount_max: take.amountMax };
  switch (take.kind) {
    case "campaign": {
      const rank = mains.has(take.campaignId) ? "1" : "2";
      const orders = { orders: take.orders, orders_max: take.ordersMax };
      return [{ kind: "campaign", id: take.campaignId, rank, ...moved, ...orders }];
    }
    case "period": {
      const customer = take.perCustomer ? (customerId ?? "") : "";
      const { scope, scopeId, bucket } = take;
      return [{ kind: "period", id: scopeId, scope, bucket, customer_id: customer, ...moved }];
    }
    case "voucher": {
      const version = versions.get(take.voucherId);
      return [
        {
          kind: "voucher",
          id: take.voucherId,
          code: take.code,
          ...(version === undefined ? {} : { version }),
          ...moved,
          // What a gift card pays goes off its balance.
          ...(take.balance === 0 ? {} : { balance: -take.balance }),
          ...(holds === 0 ? {} : { holds }),
        },
      ];
    }
    case "customer":
      return [{ kind: "customer", id: take.scopeId, scope: take.scope, customer_id: customerId ?? "", ...moved }];
    case "points":
      return [];
  }
}

const ranks = { campaign: "", period: "3", voucher: "4", customer: "5" } as const;

function sortKey(line: Line): string {
  const { kind, id, rank = "", code = "", scope = "", customer_id = "", bucket = "" } = line;
  if (kind === "campaign") return `${rank} ${id}`;
  if (kind === "voucher") return `${ranks.voucher} ${code}`;
  return `${ranks[kind]} ${scope} ${id} ${customer_id} ${bucket}`;
}

/** Main campaigns by id, sub-campaigns by id, periods, vouchers by code, customer usage. */
function inLockOrder(lines: readonly Line[]): Line[] {
  return lines
    .map((line) => ({ line, key: sortKey(line) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ line }) => line);
}

/** Two lines about one counter become one. */
export function merged(lines: readonly Line[]): Line[] {
  const byKey = new Map<string, Line>();
  for (const line of inLockOrder(lines)) {
    const key = sortKey(line);
    const before = byKey.get(key);
    byKey.set(key, before === undefined ? line : { ...before, ...line, ...sums(before, line) });
  }
  return [...byKey.values()];
}

function sums(a: Line, b: Line) {
  const sum = (key: "orders" | "balance" | "holds") => {
    // Also where it comes to nothing: the result has the fields of both to begin with.
    return a[key] === undefined && b[key] === undefined ? {} : { [key]: (a[key] ?? 0) + (b[key] ?? 0) };
  };
  return { uses: a.uses + b.uses, amount: a.amount + b.amount, ...sum("orders"), ...sum("balance"), ...sum("holds") };
}
