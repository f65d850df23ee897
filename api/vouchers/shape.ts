/** What kind of voucher a campaign can have, and what follows from the kind. */
import type { DB } from "../db/tables.ts";
import { invalid } from "../http/problem.ts";

interface GivenShape {
  readonly kind?: DB["voucher"]["kind"] | undefined;
  readonly redemptions_max?: number | undefined;
  readonly balance_amount?: number | undefined;
}

export interface VoucherShape {
  readonly kind: DB["voucher"]["kind"];
  readonly redemptions_max: number | null;
  readonly balance_amount: number | null;
}

export interface ShapeFault {
  readonly field: keyof GivenShape;
  readonly reason: string;
}

/** A gift card campaign has gift cards and nothing else; the balance belongs to them alone. */
export function voucherShape(template: DB["campaign"]["template"], given: GivenShape): VoucherShape | ShapeFault {
  const cards = template === "gift_card";
  const kind = given.kind ?? (cards ? "gift_card" : "unique");
  if (kind !== "gift_card" && cards) return { field: "kind", reason: "a gift card campaign has gift cards only" };
  if (kind === "gift_card" && !cards)
    return { field: "kind", reason: "gift cards belong to a campaign of the template gift_card" };
  if (cards && given.balance_amount === undefined)
    return { field: "balance_amount", reason: "is required for a gift card" };
  if (!cards && given.balance_amount !== undefined)
    return { field: "balance_amount", reason: "only a gift card has a balance" };
  return {
    kind,
    redemptions_max: given.redemptions_max ?? (kind === "unique" ? 1 : null),
    balance_amount: given.balance_amount ?? null,
  };
}

/** @throws Problem `invalid_request`, naming the field. */
export function checkedShape(template: DB["campaign"]["template"], given: GivenShape): VoucherShape {
  const shape = voucherShape(template, given);
  if ("field" in shape) throw invalid(`/${shape.field}`, shape.reason);
  return shape;
}
