/** What must be there before the season: campaigns, their codes, and the coupons of who is a customer already. */

import { ApiError, type Call } from "../replay/client.ts";
import { eachLimited } from "../replay/concurrency.ts";
import { type CampaignMark, campaigns, currency } from "./shop.ts";

/** @returns the sub-campaigns' ids */
export async function createCampaigns(call: Call): Promise<ReadonlyMap<CampaignMark, string>> {
  const mains = new Map<string, string>();
  for (const template of ["discount", "referral"] as const) {
    mains.set(template, await createActive(call, { type: "main", name: `Season (${template})`, template, currency }));
  }
  const ids = new Map<CampaignMark, string>();
  for (const campaign of campaigns) {
    const reward = "amount" in campaign ? { amount: campaign.amount } : { percent_bp: campaign.percent_bp };
    const id = await createActive(call, {
      type: "sub",
      parent_id: mains.get(campaign.template),
      name: campaign.name,
      currency,
      triggers_on: "redemption",
      rewards: [{ type: "order_discount", ...reward }],
      ...(campaign.perCustomer === null ? {} : { limits: { per_customer: campaign.perCustomer } }),
      ...(campaign.template === "referral" ? { referrer_rewards: [{ type: "points", points: 200 }] } : {}),
    });
    ids.set(campaign.mark, id);
    if (campaign.code !== null) await createVoucher(call, id, { code: campaign.code, kind: "generic" });
  }
  return ids;
}

/** To customers who are known: else they would be as young as their coupon. */
export async function handOut(
  call: Call,
  campaignId: string,
  personal: ReadonlyMap<string, string>,
  concurrency: number,
): Promise<void> {
  await eachLimited(personal, concurrency, ([code, customer]) =>
    createVoucher(call, campaignId, { code, kind: "unique", customer: { identifier: customer } }),
  );
}

async function createActive(call: Call, body: Readonly<Record<string, unknown>>): Promise<string> {
  const created = await expect(call, "/v1/campaigns", body);
  const id = String(created.id);
  await expect(call, `/v1/campaigns/${id}/activate`, {});
  return id;
}

async function createVoucher(call: Call, campaignId: string, body: Readonly<Record<string, unknown>>): Promise<void> {
  await expect(call, `/v1/campaigns/${campaignId}/vouchers`, body);
}

async function expect(call: Call, path: string, body: Readonly<Record<string, unknown>>) {
  const answer = await call({ method: "POST", path, body });
  if (answer.status >= 300) throw new ApiError(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}
