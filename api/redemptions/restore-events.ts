/**
 * How a redemption that stands again is announced: like any other, so that whatever counts redemptions counts it. Only its
 * risk is not told anew: it was no new attempt.
 */
import { type Kysely, type Selectable, sql } from "kysely";
import type { Event } from "../../ingest/events/events.ts";
import { type CodePart, orderPart } from "../../ingest/events/parts.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import type { Source } from "./answer.ts";
import type { RestoredReward } from "./restore-rewards.ts";

type RedemptionRow = Selectable<DB["redemption"]>;

interface CodeRow {
  readonly voucher_id: string | null;
  readonly code: string;
  readonly campaign_id: string;
  readonly main_campaign_id: string;
  readonly discount_amount: number;
  readonly shipping_discount: number;
  readonly rewards: readonly {
    readonly type: string;
    readonly discountAmount: number;
    readonly points?: number;
    readonly amount?: number;
    readonly campaignId?: string;
    readonly poolId?: string;
  }[];
  readonly expires_at: Date | null;
}

/** Announced like any redemption: what counts redemptions counts it again. */
export async function succeededAgain(tx: Kysely<DB>, row: RedemptionRow, id: string, at: Date): Promise<Event> {
  const { rows: codes } = await sql<CodeRow>`
    select c.voucher_id, c.code, c.campaign_id, c.main_campaign_id, c.discount_amount, c.shipping_discount, c.rewards,
           v.expires_at
    from redemption_code c left join voucher v on v.project_id = c.project_id and v.id = c.voucher_id
    where c.project_id = ${row.project_id} and c.redemption_id = ${id} order by c.position`.execute(tx);
  const { rows: customers } = await sql<{ identifier: string }>`
    select identifier from customer where project_id = ${row.project_id} and id = ${row.customer_id}`.execute(tx);
  return {
    event_id: newId("evt"),
    project_id: row.project_id,
    type: "redemption.succeeded",
    version: 1,
    occurred_at: at.toISOString(),
    payload: {
      redemption_id: id,
      customer: customers[0]?.identifier ?? null,
      order: orderPart.parse(row.order_data),
      codes: codes.map(codePartOf),
      source: row.source as Source,
    },
  };
}

function codePartOf(code: CodeRow): CodePart {
  return {
    code: code.code,
    voucher_id: code.voucher_id,
    campaign_id: code.campaign_id,
    main_campaign_id: code.main_campaign_id,
    discount_amount: code.discount_amount,
    shipping_discount: code.shipping_discount,
    ...(code.expires_at === null ? {} : { expires_at: code.expires_at.toISOString() }),
    rewards: code.rewards.map(({ type, discountAmount, points, amount, campaignId, poolId }) => ({
      type,
      discount_amount: discountAmount,
      ...(points === undefined ? {} : { points }),
      ...(amount === undefined ? {} : { amount }),
      ...(campaignId === undefined ? {} : { campaign_id: campaignId }),
      ...(poolId === undefined ? {} : { pool_id: poolId }),
    })),
    reasons: [],
  };
}

export function issuedAgain(row: RedemptionRow, redemptionId: string, reward: RestoredReward, at: Date): Event {
  return {
    event_id: newId("evt"),
    project_id: row.project_id,
    type: "reward.issued",
    version: 1,
    occurred_at: at.toISOString(),
    payload: {
      reward_id: reward.id,
      redemption_id: redemptionId,
      campaign_id: reward.campaign_id,
      customer: reward.identifier,
      reward_type: reward.type,
      amount: reward.amount,
      voucher_id: reward.voucher_id,
      role: reward.customer_id === row.customer_id ? "customer" : "referrer",
    },
  };
}
