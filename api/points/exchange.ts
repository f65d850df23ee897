/** Points for a voucher: the customer pays a campaign's price at once and uses the voucher whenever they like. */
import type { Transaction } from "kysely";
import { findCampaign } from "../campaigns/find.ts";
import { parseStoredLimits } from "../campaigns/limits-schema.ts";
import type { CampaignRow } from "../campaigns/wire.ts";
import { findCustomer } from "../customers/find.ts";
import type { DB } from "../db/tables.ts";
import { campaignReasons } from "../domain/checks.ts";
import { makeReason, type Reason } from "../domain/reason.ts";
import { notFound, Problem } from "../http/problem.ts";
import { createVoucher, holdVoucherCampaign } from "../vouchers/create.ts";
import { publishVoucher } from "../vouchers/publish.ts";
import type { VoucherWire } from "../vouchers/schemas.ts";
import { toWire } from "../vouchers/wire.ts";
import { movePoints } from "./move.ts";
import { countOpenExchanges, countOwnUses, lockUsage, markPaid, readBalance, readVoucher } from "./queries.ts";

const dayMs = 24 * 60 * 60_000;

/**
 * Takes the campaign's price and gives the customer a unique voucher, in one transaction.
 *
 * @throws Problem `conflict` when the campaign sells nothing for points, `exchange_refused` with every reason when it
 * does and will not now.
 */
export async function exchangePoints(
  tx: Transaction<DB>,
  projectId: string,
  identifier: string,
  campaignId: string,
  now: Date,
): Promise<{ voucher: VoucherWire; points: { spent: number; balance: number } }> {
  const customer = await findCustomer(tx, projectId, identifier);
  if (!customer) throw notFound("customer");
  await lockUsage(tx, projectId, campaignId);
  await holdVoucherCampaign(tx, projectId, campaignId);
  const campaign = await findCampaign(tx, projectId, campaignId);
  const parent = campaign?.parent_id ? await findCampaign(tx, projectId, campaign.parent_id) : undefined;
  if (!campaign || !parent) throw notFound("campaign");
  const price = campaign.points_price;
  if (price === null) throw new Problem("conflict", "The campaign has no price in points.");
  if (campaign.template === "gift_card" || campaign.template === "referral") {
    throw new Problem("conflict", `Vouchers of a ${campaign.template} campaign are not sold for points.`);
  }

  const { balance: held } = await readBalance(tx, projectId, customer.id, 0);
  const reasons = [
    ...(customer.blocked ? [makeReason("customer_blocked", "This customer cannot use codes")] : []),
    ...runningReasons(parent, campaign, now),
    ...(await limitReasons(tx, { projectId, customerId: customer.id, parent, campaign, now })),
    ...pointsReasons(price, held),
  ];
  if (reasons.length > 0) throw exchangeRefused(reasons);

  const lifetime = campaign.voucher_lifetime_days;
  const created = await createVoucher(
    tx,
    projectId,
    campaignId,
    {
      kind: "unique",
      customer: { identifier },
      ...(lifetime === null ? {} : { expires_at: new Date(now.getTime() + lifetime * dayMs).toISOString() }),
    },
    now,
  );
  await markPaid(tx, projectId, created.id);
  await publishVoucher(tx, projectId, created.code, { customer: { identifier }, channel: "points" }, now);
  const moved = await movePoints(tx, projectId, {
    customerId: customer.id,
    points: -price,
    kind: "exchanged",
    reason: campaign.name,
    referenceId: created.id,
    expiresAt: null,
    at: now,
  });
  // Somebody else spent them since they were counted.
  if (moved.outcome === "not_enough") throw exchangeRefused(pointsReasons(price, moved.balance));
  const voucher = toWire(await readVoucher(tx, projectId, created.id), now);
  return { voucher, points: { spent: price, balance: moved.balance } };
}

function exchangeRefused(reasons: readonly Reason[]): Problem {
  const detail = reasons.map((reason) => reason.message).join("; ");
  return new Problem("exchange_refused", `${detail}.`, { extensions: { reasons } });
}

function pointsReasons(price: number, balance: number): Reason[] {
  if (balance >= price) return [];
  const gap = price - balance;
  const detail = { expected: price, actual: balance, gap };
  return [makeReason("points_not_enough", `The account is ${gap} points short`, detail)];
}

/** A paused or archived main campaign stops its children: said once, of whichever does not run. */
function runningReasons(parent: CampaignRow, campaign: CampaignRow, now: Date): Reason[] {
  const window = (row: CampaignRow) => ({
    status: row.status,
    startsAt: row.starts_at?.getTime() ?? null,
    endsAt: row.ends_at?.getTime() ?? null,
  });
  const own = campaignReasons(window(campaign), now.getTime());
  return own.length > 0 ? own : campaignReasons(window(parent), now.getTime());
}

interface Asked {
  readonly projectId: string;
  readonly customerId: string;
  readonly parent: CampaignRow;
  readonly campaign: CampaignRow;
  readonly now: Date;
}

/** What was sold for points and not used yet counts as used: nobody shall pay for what the limits will not give. */
async function limitReasons(tx: Transaction<DB>, asked: Asked): Promise<Reason[]> {
  const { projectId, customerId, parent, campaign, now } = asked;
  const open = await countOpenExchanges(tx, projectId, campaign.id, customerId, now);
  const own = await countOwnUses(tx, projectId, customerId, [parent.id, campaign.id]);
  return [parent, campaign].flatMap((row) => {
    const limits = parseStoredLimits(row.limits);
    const reasons: Reason[] = [];
    const usesMax = smallest(row.redemptions_max, limits.redemptionsMax);
    const uses = row.redemptions_count + open.all;
    if (usesMax !== null && uses >= usesMax) {
      const detail = { expected: usesMax, actual: uses };
      reasons.push(makeReason("campaign_redemptions_reached", "This promotion has been used up", detail));
    }
    const amountMax = smallest(row.budget_amount, limits.discountAmountMax);
    if (amountMax !== null && row.discount_amount >= amountMax) {
      const detail = { expected: amountMax, actual: row.discount_amount };
      reasons.push(makeReason("campaign_budget_reached", "The budget of this promotion is spent", detail));
    }
    const ownUses = (own.get(row.id) ?? 0) + open.own;
    if (limits.perCustomer !== undefined && ownUses >= limits.perCustomer) {
      const detail = { expected: limits.perCustomer, actual: ownUses };
      reasons.push(
        makeReason("customer_limit_reached", "This customer has used this promotion as often as it allows", detail),
      );
    }
    return reasons;
  });
}

function smallest(...limits: readonly (number | null | undefined)[]): number | null {
  const given = limits.filter((limit) => limit !== null && limit !== undefined);
  return given.length === 0 ? null : Math.min(...given);
}
