/** Facts with sensible defaults; each test says only what it is about. */
import type {
  CampaignFacts,
  CustomerFacts,
  Facts,
  MainCampaignFacts,
  OrderFacts,
  OrderItem,
  Redeemable,
  VoucherFacts,
} from "../../../api/domain/facts.ts";

/** A Thursday. */
export const now = Date.UTC(2026, 4, 14, 12, 30);

const unused = { redemptionsCount: 0, discountAmount: 0 };

export function item(change: Partial<OrderItem> = {}): OrderItem {
  return {
    sku: "sku-1",
    productId: null,
    name: null,
    quantity: 1,
    unitAmount: 10_000,
    weight: null,
    categories: [],
    attributes: {},
    ...change,
  };
}

export function order(change: Partial<OrderFacts> = {}): OrderFacts {
  return {
    id: "order-1",
    currency: "EUR",
    items: [item()],
    shippingAmount: 0,
    statedAmount: null,
    channel: null,
    storeId: null,
    paymentMethod: null,
    location: null,
    metadata: {},
    ...change,
  };
}

/** An order of lines of one unit with these amounts. */
export function orderOf(...unitAmounts: number[]): OrderFacts {
  return order({ items: unitAmounts.map((unitAmount, index) => item({ sku: `sku-${index + 1}`, unitAmount })) });
}

export function customer(change: Partial<CustomerFacts> = {}): CustomerFacts {
  return {
    identifier: "ada@example.com",
    id: "cus_ada",
    blocked: false,
    attributes: {},
    tags: {},
    metadata: {},
    createdAt: now - 86_400_000,
    birthday: null,
    inGlobalHoldout: false,
    isNew: false,
    segments: [],
    points: 0,
    history: {},
    ...change,
  };
}

export function mainCampaign(change: Partial<MainCampaignFacts> = {}): MainCampaignFacts {
  return {
    id: "cam_main",
    version: 1,
    status: "active",
    startsAt: null,
    endsAt: null,
    budgetAmount: null,
    budgetPolicy: "refuse",
    redemptionsMax: null,
    limits: {},
    rules: null,
    usage: unused,
    ordersAmount: 0,
    customerUsage: unused,
    periods: [],
    ...change,
  };
}

export function campaign(change: Partial<CampaignFacts> = {}): CampaignFacts {
  return {
    ...mainCampaign(),
    id: "cam_sub",
    name: "Spring",
    parent: mainCampaign(),
    template: "discount",
    automatic: false,
    currency: "EUR",
    rewards: [{ type: "order_discount", percent_bp: 1_000 }],
    referrerRewards: [],
    exclusions: {},
    onRollback: "keep",
    pointsPrice: null,
    stacking: {},
    holdoutPercent: 0,
    holdoutCodes: false,
    localTime: "14:30",
    localWeekday: 4,
    localDate: "2026-05-14",
    ...change,
  };
}

export function voucher(change: Partial<VoucherFacts> = {}): VoucherFacts {
  return {
    id: "vou_sale10",
    version: 1,
    code: "SALE10",
    kind: "generic",
    status: "created",
    redemptionsMax: null,
    assignedTo: null,
    balanceAmount: null,
    referrerId: null,
    pointsPaid: false,
    startsAt: null,
    expiresAt: null,
    limits: {},
    rules: null,
    usage: unused,
    customerUsage: unused,
    periods: [],
    ...change,
  };
}

export function redeemable(
  change: { voucher?: Partial<VoucherFacts>; campaign?: Partial<CampaignFacts> } = {},
): Redeemable {
  const made = voucher(change.voucher);
  return { code: made.code, voucher: made, campaign: campaign(change.campaign) };
}

/** Another code, of a campaign of its own unless the change names one. */
export function otherCode(
  name: string,
  change: { voucher?: Partial<VoucherFacts>; campaign?: Partial<CampaignFacts> } = {},
): Redeemable {
  return redeemable({
    voucher: { id: `vou_${name.toLowerCase()}`, code: name, ...change.voucher },
    campaign: { id: `cam_${name.toLowerCase()}`, ...change.campaign },
  });
}

export function facts(change: Partial<Facts> = {}): Facts {
  return {
    now,
    order: order(),
    customer: customer(),
    redeemables: [redeemable()],
    automatic: [],
    appliedBefore: [],
    pools: {},
    languages: [],
    ...change,
  };
}
