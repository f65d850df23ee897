/** Builders of what most tests of redemption need: an active campaign that gives 5.00 off, and the body that uses it. */
import { expect } from "vitest";
import type { TestProject } from "./app.ts";

export interface Promotion {
  readonly mainId: string;
  readonly campaignId: string;
  readonly code: string;
}

let made = 0;

/** A main campaign, a sub-campaign with one reward of 500 minor units, both active, and a generic voucher. */
export async function setUpPromotion(
  project: TestProject,
  change: { main?: object; sub?: object; voucher?: object },
): Promise<Promotion> {
  made += 1;
  const main = await create(project, "/v1/campaigns", {
    type: "main",
    name: `Main ${made}`,
    currency: "EUR",
    ...change.main,
  });
  const sub = await create(project, "/v1/campaigns", {
    type: "sub",
    parent_id: main.id,
    name: `Sub ${made}`,
    triggers_on: "redemption",
    currency: "EUR",
    rewards: [{ type: "order_discount", amount: 500 }],
    ...change.sub,
  });
  for (const id of [main.id, sub.id]) {
    const response = await project.request("POST", `/v1/campaigns/${id}/activate`, {});
    expect(response.status, await response.text()).toBe(200);
  }
  const voucher = await create(project, `/v1/campaigns/${sub.id}/vouchers`, {
    kind: "generic",
    code: `CODE${made}`,
    ...change.voucher,
  });
  return { mainId: main.id, campaignId: sub.id, code: voucher.code };
}

async function create(project: TestProject, path: string, body: object): Promise<{ id: string; code: string }> {
  const response = await project.request("POST", path, body);
  const text = await response.text();
  expect(response.status, text).toBe(201);
  return JSON.parse(text);
}

/** A basket of 2 × 25.00 with what a redemption needs around it. */
export function redeemBody(given: {
  codes: readonly string[];
  orderId: string;
  customer?: string;
  order?: object;
}): object {
  return {
    codes: given.codes,
    ...(given.customer === undefined ? {} : { customer: { identifier: given.customer } }),
    order: {
      id: given.orderId,
      currency: "EUR",
      items: [{ sku: "coffee", quantity: 2, unit_amount: 2500, categories: ["coffee"] }],
      ...given.order,
    },
  };
}
