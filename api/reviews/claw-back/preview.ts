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
  return {
    review_id: review.id,
    scope,
    redemptions: targets.redemptions.map(({ customer, occurred_at, ...redemption }) => ({
      ...redemption,
      customer: customer === null ? null : { identifier: customer },
      occurred_at: occurred_at.toISOString(),
    })),
    vouchers: [...targets.vouchers],
    customers: targets.customers.map(({ identifier, name }) => ({ identifier, name })),
    totals: {
      redemptions_count: targets.redemptions.length,
      vouchers_count: targets.vouchers.length,
      customers_count: targets.customers.length,
      amounts: totalsOf(targets.redemptions),
    },
    since: targets.since?.toISOString() ?? null,
    truncated: targets.truncated,
    digest: digestOf(scope, targets),
  };
}
