/**
 * Plays the plan through the API, day by day. Within a day households run at the same time, each household's deeds in
 * order. Progress is saved after each day; a day that was cut short is played again, which the service recognises.
 */
import type { Basket, Order } from "./baskets.ts";
import { type Progress, saveProgress, type Tally } from "./checkpoint.ts";
import { type Answer, ApiError, type Call } from "./client.ts";
import { eachLimited } from "./concurrency.ts";
import type { Deed, Plan, Publication } from "./plan.ts";
import { customerIdentifier, prepare, voucherCode } from "./prepare.ts";

export interface RunOptions {
  readonly call: Call;
  readonly plan: Plan;
  readonly progress: Progress;
  readonly checkpointFile: string;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Days to play in this run at most. */
  readonly daysMax: number;
  readonly onProgress: (done: number, what: string) => void;
}

/** Requests that preparing takes, for a progress bar. */
export function preparationSize(plan: Plan): number {
  const coupons = plan.campaigns.reduce((sum, campaign) => sum + campaign.coupons.length, 0);
  return plan.campaigns.length + coupons + plan.households.length;
}

/** Changes `progress` as it goes. @throws ApiError, or the reason of the call's abort signal. */
export async function run(options: RunOptions): Promise<void> {
  const { call, plan, progress, checkpointFile, concurrency, onProgress } = options;
  if (!progress.prepared) {
    progress.campaigns = await prepare(call, plan, concurrency, () => onProgress(1, "customers, campaigns, vouchers"));
    progress.prepared = true;
    await saveProgress(checkpointFile, progress);
  }
  const open = plan.days.filter(({ day }) => progress.lastDay === null || day > progress.lastDay);
  for (const { day, deeds } of open.slice(0, options.daysMax)) {
    const began = performance.now();
    const tally = structuredClone(progress.tally);
    await eachLimited(deeds.values(), concurrency, async (ofHousehold) => {
      for (const deed of ofHousehold) {
        await perform(call, deed, tally);
        onProgress(1, day);
      }
    });
    tally.seconds += (performance.now() - began) / 1000;
    progress.tally = tally;
    progress.lastDay = day;
    await saveProgress(checkpointFile, progress);
  }
}

async function perform(call: Call, deed: Deed, tally: Tally): Promise<void> {
  if (deed.kind === "publication") return publish(call, deed, tally);
  for (const [index, redemption] of deed.redemptions.entries()) {
    await redeem(call, deed, voucherCode(redemption.campaignId, redemption.couponUpc), index, tally);
  }
  return pay(call, deed, tally);
}

async function publish(call: Call, deed: Publication, tally: Tally): Promise<void> {
  const code = voucherCode(deed.campaignId, deed.couponUpc);
  const answer = await call({
    method: "POST",
    path: `/v1/vouchers/${code}/publish`,
    body: {
      customer: { identifier: customerIdentifier(deed.householdId) },
      channel: "mail",
      source_id: `replay/${deed.campaignId}/${deed.householdId}`,
      occurred_at: `${deed.day}T00:00:00Z`,
    },
  });
  if (answer.status >= 300) throw unexpected("publication of", code, answer);
  tally.publications += 1;
}

/** Before it is paid, as at a till. The key is made from the data, so that a second run is recognised. */
async function redeem(call: Call, basket: Basket, code: string, index: number, tally: Tally): Promise<void> {
  const { order, householdId } = basket;
  const answer = await call({
    method: "POST",
    path: "/v1/redemptions",
    idempotencyKey: `replay/redemption/${order.id}/${index}/${code}`,
    body: {
      codes: [code],
      customer: { identifier: customerIdentifier(householdId) },
      order: { id: order.id, ...orderShape(order) },
      at: order.occurredAt,
    },
  });
  // A repeated answer says nothing of how long a redemption takes.
  if (!answer.replayed) tally.redemptionMs.push(Math.round(answer.milliseconds * 100) / 100);
  if (answer.status === 201) {
    tally.accepted += 1;
    tally.discountAmount += Number(answer.body.discount_amount);
    if ((answer.body.risk as { action?: string } | undefined)?.action === "flag") tally.flagged += 1;
  } else if (answer.body.code === "redemption_rejected") {
    const keys = (answer.body.reasons as { key: string }[]).map((reason) => reason.key);
    bump(tally.rejected, keys[0] ?? "unknown");
    for (const key of new Set(keys)) bump(tally.reasons, key);
  } else if (answer.body.code === "order_already_redeemed") {
    // The stored answer has expired since an earlier run; the redemption itself is still there.
    tally.accepted += 1;
  } else {
    throw unexpected("redemption of", `${code} on ${order.id}`, answer);
  }
}

async function pay(call: Call, { order, householdId }: Basket, tally: Tally): Promise<void> {
  const answer = await call({
    method: "POST",
    path: "/v1/orders",
    body: {
      id: order.id,
      customer: { identifier: customerIdentifier(householdId) },
      status: "paid",
      ...orderShape(order),
      occurred_at: order.occurredAt,
    },
  });
  if (answer.status >= 300) throw unexpected("order", order.id, answer);
  tally.orders += 1;
  if (order.assumed === "all") tally.ordersAssumed += 1;
  if (order.assumed === "lines") tally.ordersCompleted += 1;
}

function orderShape(order: Order) {
  return {
    currency: "USD",
    items: order.lines,
    channel: "store",
    metadata: { assumed: order.assumed },
    ...(order.storeId === null ? {} : { store_id: order.storeId }),
  };
}

function bump(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function unexpected(what: string, id: string, answer: Answer): ApiError {
  return new ApiError(`${what} ${id}: ${answer.status} ${JSON.stringify(answer.body)}`);
}
