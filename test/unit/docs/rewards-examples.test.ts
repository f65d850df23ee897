/** Every example of docs/rewards.md goes through the schemas and the engine. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createCampaignBody } from "../../../api/campaigns/schemas.ts";
import { decide } from "../../../api/domain/decide.ts";
import type { CampaignFacts, VoucherFacts } from "../../../api/domain/facts.ts";
import type { Reward } from "../../../api/domain/rewards/reward.ts";
import { wireAllRewards, wireOrder } from "../../../api/redemptions/answer.ts";
import { orderBody, toOrderFacts } from "../../../api/validations/order-schema.ts";
import { campaign, facts, mainCampaign, voucher } from "../domain/builders.ts";

const document = readFileSync(join(import.meta.dirname, "../../../docs/rewards.md"), "utf8");

interface Example {
  readonly title: string;
  readonly blocks: ReadonlyMap<string, unknown>;
}

/** One a heading that has a campaign. */
const examples: Example[] = document
  .split(/^#{2,3} /m)
  .slice(1)
  .map((section) => ({
    title: section.slice(0, section.indexOf("\n")),
    blocks: new Map(
      [...section.matchAll(/^```json ([a-z]+)\n(.*?)^```$/gms)].map(([, name = "", json = ""]) => [
        name,
        JSON.parse(json),
      ]),
    ),
  }));

const giftCard = z.strictObject({ kind: z.literal("gift_card"), code: z.string(), balance_amount: z.int().min(1) });

function campaignOf(block: unknown): CampaignFacts {
  const body = createCampaignBody.parse(block);
  if (body.type !== "sub") throw new Error("the examples are sub-campaigns");
  const { skus = [], product_ids: productIds = [], categories = [] } = body.exclusions ?? {};
  return campaign({
    name: body.name,
    currency: body.currency,
    rewards: (body.rewards ?? []) as Reward[],
    exclusions: { skus, productIds, categories },
  });
}

function voucherOf(block: unknown): VoucherFacts {
  if (block === undefined) return voucher();
  const { kind, code, balance_amount: balanceAmount } = giftCard.parse(block);
  return voucher({ kind, code, balanceAmount });
}

function outcome({ blocks }: Example) {
  const made = voucherOf(blocks.get("voucher"));
  const parent = mainCampaign();
  const template = made.kind === "gift_card" ? "gift_card" : "discount";
  const given = facts({
    order: toOrderFacts(orderBody.parse(blocks.get("order"))),
    redeemables: [
      { code: made.code, voucher: made, campaign: { ...campaignOf(blocks.get("campaign")), parent, template } },
    ],
    pools: { pol_books: 10 },
  });
  const decision = decide(given);
  const order = wireOrder(given, decision);
  return {
    discount_amount: order.discount_amount,
    total_amount: order.total_amount,
    items: Object.fromEntries(order.items.map((line) => [line.sku, line.discount_amount])),
    shipping: order.shipping_discount_amount,
    rewards: wireAllRewards(decision).map(({ voucher_code: _, ...reward }) => reward),
  };
}

describe("docs/rewards.md", () => {
  it.each(examples)("does what it says: $title", (example) => {
    expect([...example.blocks.keys()].filter((name) => name !== "voucher")).toEqual(["campaign", "order", "result"]);
    expect(outcome(example)).toEqual(example.blocks.get("result"));
  });

  it("has an example of every type", () => {
    const types = examples
      .flatMap(({ blocks }) => createCampaignBody.parse(blocks.get("campaign")))
      .flatMap(rewardTypes);
    const known = [...document.matchAll(/^\| `([a-z_]+)`/gm)].map((match) => match[1]);
    expect(known).toHaveLength(10);
    expect(known.filter((type) => !types.includes(type ?? ""))).toEqual([]);
  });
});

function rewardTypes(body: z.output<typeof createCampaignBody>): string[] {
  return body.type === "sub" ? (body.rewards ?? []).map((reward) => reward.type) : [];
}
