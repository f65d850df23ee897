import type { Deps } from "../../deps.ts";
import { notFound } from "../../http/problem.ts";
import { totalsOf } from "./amounts.ts";
import type { PreviewWire } from "./schemas.ts";
import { digestOf, findTargets, noAccounts, readAccounts, type Scope } from "./targets.ts";

/** What a claw-back would do now. Its digest, in the decision, makes sure that this is what is done. */
export async function previewClawBack(
  deps: Deps,
  projectId: string,
  reviewId: string,
  scope: Scope,
): Promise<PreviewWire> {
  const accounts = scope === "cluster" ? await readAccounts(deps, projectId, reviewId) : noAccounts;
  const review = await deps.db
    .selectFrom("review")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", reviewId)
    .executeTakeFirst();
  if (review === undefined) throw notFound("review");
  const targets = await findTargets(deps.db, review, scope, accounts);
  const redemptions = targets.redemptions.filter(isToTake);
  const vouchers = targets.vouchers.filter(isToTake);
  const customers = targets.customers.filter(isToTake);
  return {
    review_id: review.id,
    scope,
    redemptions: redemptions.map(({ customer, occurred_at, held_by: _, ...redemption }) => ({
      ...redemption,
      customer: customer === null ? null : { identifier: customer },
      occurred_at: occurred_at.toISOString(),
    })),
    vouchers: vouchers.map(({ held_by: _, ...voucher }) => voucher),
    customers: customers.map(({ identifier, name }) => ({ identifier, name })),
    held: [
      ...targets.customers.flatMap((one) => heldOf("customer", one.identifier, one)),
      ...targets.vouchers.flatMap((one) => heldOf("voucher", one.code, one)),
      ...targets.redemptions.flatMap((one) => heldOf("redemption", one.id, one)),
    ],
    totals: {
      redemptions_count: redemptions.length,
      vouchers_count: vouchers.length,
      customers_count: customers.length,
      amounts: totalsOf(redemptions),
    },
    since: targets.since?.toISOString() ?? null,
    truncated: targets.truncated,
    digest: digestOf(scope, targets),
  };
}

interface Found {
  readonly held_by: string | null;
}

const isToTake = (one: Found) => one.held_by === null;

function heldOf(kind: PreviewWire["held"][number]["kind"], target: string, { held_by }: Found): PreviewWire["held"] {
  return held_by === null ? [] : [{ kind, target, claw_back_id: held_by }];
}
