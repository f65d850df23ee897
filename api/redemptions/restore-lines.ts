/** The counters that a restored redemption takes again, and how far each may go now. */
import { type Kysely, sql } from "kysely";
import { parseStoredLimits } from "../campaigns/limits-schema.ts";
import type { DB } from "../db/tables.ts";
import type { LimitsDefinition } from "../domain/facts.ts";
import type { Line } from "./lines.ts";

/** The opposite of what a rollback moved, in the same lock order, bound by the maxima of today. */
export async function linesOfRestored(
  tx: Kysely<DB>,
  projectId: string,
  redemptionId: string,
  rolledBack: readonly Line[],
): Promise<Line[]> {
  const lines = rolledBack.map(opposite).filter(moves);
  const owners = await readOwners(tx, projectId, lines);
  const then = await linesOfThen(tx, projectId, redemptionId);
  return lines.map((line) => ({ ...line, ...maximaOf(line, owners, then) }));
}

function opposite({
  version: _v,
  disable: _d,
  holds: _h,
  uses_max: _u,
  amount_max: _a,
  orders_max: _o,
  ...line
}: Line): Line {
  return {
    ...line,
    uses: -line.uses,
    amount: -line.amount,
    ...(line.orders === undefined ? {} : { orders: -line.orders }),
    ...(line.balance === undefined ? {} : { balance: -line.balance }),
  };
}

function moves({ uses, amount, orders = 0, balance = 0 }: Line): boolean {
  return uses !== 0 || amount !== 0 || orders !== 0 || balance !== 0;
}

interface Owner {
  readonly limits: LimitsDefinition;
  readonly redemptionsMax: number | null;
  readonly budgetAmount: number | null;
  /** Of a voucher: what its campaign, or the main campaign, allows each. */
  readonly perVoucher: number | null;
}

/** Campaigns and vouchers of the lines by id, as they are defined now. */
async function readOwners(tx: Kysely<DB>, projectId: string, lines: readonly Line[]): Promise<Map<string, Owner>> {
  const ids = [...new Set(lines.map((line) => line.id))];
  const { rows: campaigns } = await sql<{
    id: string;
    limits: unknown;
    redemptions_max: number | null;
    budget_amount: number | null;
  }>`
    select id, limits, redemptions_max, budget_amount from campaign
    where project_id = ${projectId} and id = any(${ids}::text[])`.execute(tx);
  const { rows: vouchers } = await sql<{
    id: string;
    kind: string;
    limits: unknown;
    redemptions_max: number | null;
    of_campaign: unknown;
    of_main: unknown;
  }>`
    select v.id, v.kind, v.limits, v.redemptions_max, c.limits as of_campaign, m.limits as of_main
    from voucher v
    join campaign c on c.project_id = v.project_id and c.id = v.campaign_id
    left join campaign m on m.project_id = c.project_id and m.id = c.parent_id
    where v.project_id = ${projectId} and v.id = any(${ids}::text[])`.execute(tx);
  return new Map<string, Owner>([
    ...campaigns.map(
      (row) =>
        [
          row.id,
          {
            limits: parseStoredLimits(row.limits),
            redemptionsMax: row.redemptions_max,
            budgetAmount: row.budget_amount,
            perVoucher: null,
          },
        ] as const,
    ),
    ...vouchers.map((row) => {
      const limits = parseStoredLimits(row.limits);
      const above = [row.of_campaign, row.of_main ?? {}].map((one) => parseStoredLimits(one).perVoucher);
      const own = least(row.redemptions_max, limits.redemptionsMax) ?? (row.kind === "unique" ? 1 : null);
      return [row.id, { limits, redemptionsMax: own, budgetAmount: null, perVoucher: least(...above) }] as const;
    }),
  ]);
}

/** As `countersOf` has it. A period may be long over; it keeps the maxima that it was taken under. */
function maximaOf(line: Line, owners: ReadonlyMap<string, Owner>, then: ReadonlyMap<string, Line>) {
  const owner = owners.get(line.id);
  if (line.kind === "period" || owner === undefined) {
    const before = then.get(keyOf(line));
    return { uses_max: before?.uses_max ?? null, amount_max: before?.amount_max ?? null };
  }
  const { limits } = owner;
  if (line.kind === "customer") {
    return { uses_max: limits.perCustomer ?? null, amount_max: limits.discountAmountMaxPerCustomer ?? null };
  }
  if (line.kind === "voucher") {
    return { uses_max: least(owner.redemptionsMax, owner.perVoucher), amount_max: limits.discountAmountMax ?? null };
  }
  return {
    uses_max: least(owner.redemptionsMax, limits.redemptionsMax),
    amount_max: least(owner.budgetAmount, limits.discountAmountMax),
    orders_max: limits.ordersAmountMax ?? null,
  };
}

async function linesOfThen(tx: Kysely<DB>, projectId: string, redemptionId: string): Promise<Map<string, Line>> {
  const { rows } = await sql<{ lines: Line[] }>`
    select l.lines from ledger l
    where l.project_id = ${projectId} and l.reference_id = ${redemptionId} and l.kind in ('redeem', 'reserve')
    order by l.id desc`.execute(tx);
  return new Map(rows.flatMap(({ lines }) => lines).map((line) => [keyOf(line), line]));
}

function keyOf({ kind, id, scope, customer_id, bucket }: Line): string {
  return [kind, id, scope ?? "", customer_id ?? "", bucket ?? ""].join(" ");
}

function least(...limits: readonly (number | null | undefined)[]): number | null {
  const given = limits.filter((limit) => limit !== null && limit !== undefined);
  return given.length === 0 ? null : Math.min(...given);
}
