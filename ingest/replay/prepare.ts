/** What must be there before the first day: households as customers, campaigns, and a voucher for each coupon. */
import { assumedReward, campaignMark, couponMark, describeReward } from "./assumptions.ts";
import type { Campaign, Coupon } from "./baskets.ts";
import { ApiError, type Call } from "./client.ts";
import { eachLimited } from "./concurrency.ts";
import type { Household, Plan } from "./plan.ts";

/** The coupon's voucher code. A coupon in two campaigns covers other products in each, so it is two vouchers. */
export function voucherCode(campaignId: string, couponUpc: string): string {
  return `CJ-${campaignId}-${couponUpc}`;
}

export function customerIdentifier(householdId: string): string {
  return `household-${householdId}`;
}

const currency = "USD";
const mainName = "The Complete Journey 2017";
/** Metadata that finds a campaign again when the checkpoint is lost. */
const mark = "replay_campaign";
const mainMark = "main";

/** Returns the service's campaign ids by the data's. Doing it again finds what is there. */
export async function prepare(
  call: Call,
  plan: Plan,
  concurrency: number,
  advance: () => void,
): Promise<Record<string, string>> {
  const existing = await findCampaigns(call);
  const mainId = existing.get(mainMark) ?? (await createCampaign(call, mainMark, mainBody()));
  await activate(call, mainId);
  const ids: Record<string, string> = {};
  for (const campaign of plan.campaigns) {
    const id = existing.get(campaign.id) ?? (await createCampaign(call, campaign.id, subBody(mainId, campaign)));
    await activate(call, id);
    ids[campaign.id] = id;
    advance();
  }
  const coupons = plan.campaigns.flatMap((campaign) => campaign.coupons);
  await eachLimited(coupons, concurrency, async (coupon) => {
    await createVoucher(call, ids[coupon.campaignId] ?? "", coupon);
    advance();
  });
  await eachLimited(plan.households, concurrency, async (household) => {
    await putCustomer(call, household);
    advance();
  });
  return ids;
}

async function findCampaigns(call: Call): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let cursor: unknown = "";
  while (typeof cursor === "string") {
    const page = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await call({ method: "GET", path: `/v1/campaigns?limit=100${page}` });
    for (const campaign of body.data as { id: string; metadata: Record<string, unknown> }[]) {
      const marked = campaign.metadata[mark];
      if (typeof marked === "string") found.set(marked, campaign.id);
    }
    cursor = body.next_cursor;
  }
  return found;
}

function mainBody() {
  return {
    type: "main",
    name: mainName,
    template: "discount",
    currency,
    metadata: { [mark]: mainMark, source: "The Complete Journey", coupon_values: "assumed" },
  };
}

function subBody(parentId: string, campaign: Campaign) {
  const reward = assumedReward(campaign.type, campaign.id);
  return {
    type: "sub",
    parent_id: parentId,
    name: `Campaign ${campaign.id} (${campaign.type}): ${describeReward(reward)}, assumed`,
    triggers_on: "redemption",
    starts_at: `${campaign.startDay}T00:00:00Z`,
    // The data names the last day on which coupons are valid; our windows exclude their end.
    ends_at: new Date(Date.parse(campaign.endDay) + 86_400_000).toISOString(),
    time_zone: "UTC",
    currency,
    channel: "mail",
    rewards: [reward],
    metadata: { [mark]: campaign.id, campaign_type: campaign.type, coupon_values: "assumed" },
  };
}

async function createCampaign(call: Call, id: string, body: unknown): Promise<string> {
  const idempotencyKey = `replay/campaign/${id}`;
  const answer = await call({ method: "POST", path: "/v1/campaigns", body, idempotencyKey });
  if (answer.status !== 201 || typeof answer.body.id !== "string") throw refused("campaign", id, answer);
  return answer.body.id;
}

async function activate(call: Call, id: string): Promise<void> {
  const answer = await call({ method: "POST", path: `/v1/campaigns/${id}/activate` });
  // 409: it is active already.
  if (answer.status !== 200 && answer.status !== 409) throw refused("activation of campaign", id, answer);
}

async function createVoucher(call: Call, campaignId: string, coupon: Coupon): Promise<void> {
  const code = voucherCode(coupon.campaignId, coupon.upc);
  const answer = await call({
    method: "POST",
    path: `/v1/campaigns/${campaignId}/vouchers`,
    body: {
      code,
      kind: "generic",
      rules: {
        on: "items",
        which: "any",
        where: { on: `item.attributes.${couponMark(coupon.campaignId, coupon.upc)}`, op: "equals", value: true },
        message: "The basket holds nothing that this coupon covers.",
      },
      metadata: {
        coupon_upc: coupon.upc,
        products_covered: coupon.productIds.size,
        reward_covers: campaignMark(coupon.campaignId),
        value: "assumed",
      },
    },
    idempotencyKey: `replay/voucher/${code}`,
  });
  // 409: the code is there from an earlier run.
  if (answer.status !== 201 && answer.status !== 409) throw refused("voucher", code, answer);
}

async function putCustomer(call: Call, household: Household): Promise<void> {
  const identifier = customerIdentifier(household.id);
  const answer = await call({
    method: "PUT",
    path: `/v1/customers/${identifier}`,
    body: {
      name: `Household ${household.id}`,
      attributes: household.demographics,
      created_at: `${household.firstDay}T00:00:00Z`,
    },
  });
  if (answer.status >= 300) throw refused("customer", identifier, answer);
}

function refused(what: string, id: string, answer: { status: number; body: unknown }): ApiError {
  return new ApiError(`${what} ${id}: ${answer.status} ${JSON.stringify(answer.body)}`);
}
