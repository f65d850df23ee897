/** What one reward gives, whatever its type. Points are not here: they wait for what is left to pay, see `points.ts`. */
import type { AppliedReward } from "../decision.ts";
import { sum } from "../money.ts";
import type { Reason } from "../reason.ts";
import type { Basket } from "./basket.ts";
import { bundle } from "./bundle.ts";
import { buyXGetY } from "./buy-x-get-y.ts";
import { freeItem } from "./free-item.ts";
import { customerRequired, type IssuedReward, issuedReward, poolEmpty } from "./issued.ts";
import { itemDiscount } from "./item-discount.ts";
import { orderDiscount } from "./order-discount.ts";
import type { FreeItem, Points, Reward } from "./reward.ts";
import { shippingDiscount } from "./shipping-discount.ts";

export interface Outcome {
  /** Null: it gave nothing. */
  readonly applied: AppliedReward | null;
  /** Off each line; null: nothing off any. */
  readonly lines: readonly number[] | null;
  readonly shipping: number;
  /** Why nothing was given, where that is not plain from the basket. */
  readonly missed: Reason | null;
}

const nothing: Outcome = { applied: null, lines: null, shipping: 0, missed: null };

/** `poolLeft` is how many codes the pool of a `pool_voucher` has left. */
export function applyReward(reward: Exclude<Reward, Points>, basket: Basket, poolLeft: number): Outcome {
  switch (reward.type) {
    case "order_discount":
      return offLines(reward.type, orderDiscount(reward, basket));
    case "item_discount":
      return offLines(reward.type, itemDiscount(reward, basket));
    case "buy_x_get_y":
      return offLines(reward.type, buyXGetY(reward, basket));
    case "bundle":
      return offLines(reward.type, bundle(reward, basket));
    case "shipping_discount":
      return offShipping(shippingDiscount(reward, basket));
    case "free_item":
      return giveItem(reward, basket);
    default:
      return issue(reward, basket, poolLeft);
  }
}

function offLines(type: Reward["type"], lines: readonly number[]): Outcome {
  const discountAmount = sum(lines);
  return discountAmount === 0 ? nothing : { ...nothing, applied: { type, discountAmount }, lines };
}

function offShipping(discountAmount: number): Outcome {
  if (discountAmount === 0) return nothing;
  return { ...nothing, applied: { type: "shipping_discount", discountAmount }, shipping: discountAmount };
}

/** Units that are in the order and cost nothing any more are no gift. */
function giveItem(reward: FreeItem, basket: Basket): Outcome {
  const { lines, quantity, missingQuantity } = freeItem(reward, basket);
  const discountAmount = sum(lines);
  if (discountAmount === 0 && missingQuantity === 0) return nothing;
  const { sku, product_id: productId = null, name = null } = reward.item;
  const item = { sku, productId, name };
  return { ...nothing, applied: { type: reward.type, discountAmount, item, quantity, missingQuantity }, lines };
}

function issue(reward: IssuedReward, basket: Basket, poolLeft: number): Outcome {
  if (basket.context.customer === null) return { ...nothing, missed: customerRequired() };
  if (reward.type === "pool_voucher" && poolLeft <= 0) return { ...nothing, missed: poolEmpty() };
  return { ...nothing, applied: issuedReward(reward) };
}
