/** What rewards point to outside their campaign: campaigns whose vouchers they give, and pools. */
import { sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Reward } from "../domain/rewards/reward.ts";
import { invalid } from "../http/problem.ts";

interface Place {
  readonly projectId: string;
  readonly currency: string;
  /** Of the list of rewards, for faults. */
  readonly pointer: string;
}

/**
 * The rewards as they are stored: each points to something of this project, and gift credit names its campaign.
 *
 * @param makeGiftCampaign makes the campaign of credit in this currency when there is none yet, and returns its id.
 * @throws Problem 400 naming the reward whose target is not there.
 */
export async function resolveRewards<R extends Pick<Reward, "type">>(
  tx: Transaction<DB>,
  place: Place,
  rewards: readonly R[],
  makeGiftCampaign: () => Promise<string>,
): Promise<Reward[]> {
  const resolved: Reward[] = [];
  // One after the other: they share a connection, and two credits without a campaign must find the same one.
  for (const [index, reward] of (rewards as readonly unknown[] as readonly Reward[]).entries()) {
    const pointer = `${place.pointer}/${index}`;
    if (reward.type === "voucher") await checkVoucherCampaign(tx, place, reward.campaign_id, pointer);
    if (reward.type === "pool_voucher") await checkPool(tx, place.projectId, reward.pool_id, pointer);
    resolved.push(
      reward.type === "gift_credit"
        ? { ...reward, campaign_id: await giftCampaign(tx, place, reward.campaign_id, pointer, makeGiftCampaign) }
        : reward,
    );
  }
  return resolved;
}

function findTarget(tx: Transaction<DB>, projectId: string, id: string) {
  // Not locked: campaigns are never deleted, and neither type nor, once they have vouchers, template change.
  return tx
    .selectFrom("campaign")
    .select(["id", "template", "currency"])
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("type", "=", "sub")
    .executeTakeFirst();
}

async function checkVoucherCampaign(tx: Transaction<DB>, { projectId }: Place, id: string, pointer: string) {
  const target = await findTarget(tx, projectId, id);
  if (!target) throw invalid(`${pointer}/campaign_id`, "There is no such sub-campaign.");
  if (target.template === "gift_card") {
    throw invalid(`${pointer}/campaign_id`, "This is a gift card campaign; give its credit with gift_credit.");
  }
}

async function checkPool(tx: Transaction<DB>, projectId: string, id: string, pointer: string): Promise<void> {
  const pool = await tx
    .selectFrom("pool")
    .select("id")
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
  if (!pool) throw invalid(`${pointer}/pool_id`, "There is no such pool.");
}

async function giftCampaign(
  tx: Transaction<DB>,
  { projectId, currency }: Place,
  id: string | undefined,
  pointer: string,
  make: () => Promise<string>,
): Promise<string> {
  if (id === undefined) {
    // Of two that come at once the second finds what the first made. Nothing else is locked after this.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`${projectId} gift credit ${currency}`}, 7237))`.execute(
      tx,
    );
    return (await oldestGiftCampaign(tx, projectId, currency)) ?? (await make());
  }
  const target = await findTarget(tx, projectId, id);
  if (target?.template !== "gift_card") {
    throw invalid(`${pointer}/campaign_id`, "There is no such sub-campaign of the template gift_card.");
  }
  if (target.currency !== currency) {
    throw invalid(`${pointer}/campaign_id`, `The gift cards of that campaign are in ${target.currency}.`);
  }
  return id;
}

async function oldestGiftCampaign(tx: Transaction<DB>, projectId: string, currency: string) {
  const found = await tx
    .selectFrom("campaign")
    .select("id")
    .where("project_id", "=", projectId)
    .where("type", "=", "sub")
    .where("template", "=", "gift_card")
    .where("currency", "=", currency)
    .where("status", "=", "active")
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  return found?.id;
}
