/** Whether a reward of the right shape also makes sense. Asked once, when it is stored. */
import type { Issue } from "../issue.ts";
import type { Rule } from "../rules/rule.ts";
import { checkRule } from "../rules/validate.ts";
import { checkDiscount, checkNumbers, checkPercent, checkTiers, under } from "./check-value.ts";
import type { Bundle, BuyXGetY, ItemDiscount, Points, Reward } from "./reward.ts";

/** As many sets of components as bits of them: `bundle-units.ts` looks at each. */
export const componentsMax = 8;

/** Everything wrong with the reward, nothing when it is sound. */
export function checkReward(reward: Reward): Issue[] {
  const when = reward.when === undefined ? [] : under("/when", checkRule(reward.when));
  return [...checkType(reward), ...when];
}

function checkType(reward: Reward): Issue[] {
  switch (reward.type) {
    case "order_discount":
    case "shipping_discount":
      return checkDiscount(reward);
    case "item_discount":
      return [...checkDiscount(reward), ...checkItemDiscount(reward)];
    case "buy_x_get_y":
      return checkBuyXGetY(reward);
    case "bundle":
      return checkBundle(reward);
    case "free_item":
      return under("/item", checkNumbers(reward.item, [{ name: "quantity", min: 1 }]));
    case "points":
      return checkPoints(reward);
    case "gift_credit":
      return checkNumbers(reward, [{ name: "amount", min: 1 }]);
    case "voucher":
    case "pool_voucher":
      return [];
  }
}

function checkItemDiscount(reward: ItemDiscount): Issue[] {
  return [
    ...checkNumbers(reward, [
      { name: "max_quantity", min: 1 },
      { name: "n", min: 1 },
    ]),
    ...checkNth(reward),
    ...checkWhere(reward.where),
  ];
}

function checkNth(reward: ItemDiscount): Issue[] {
  if (reward.which !== "nth") {
    return reward.n === undefined ? [] : [{ pointer: "/n", detail: 'is for which: "nth" only' }];
  }
  return reward.n === undefined ? [{ pointer: "/n", detail: 'which: "nth" needs n' }] : [];
}

function checkBuyXGetY({ buy, get, ...reward }: BuyXGetY): Issue[] {
  return [
    ...under("/buy", [...checkNumbers(buy, [{ name: "quantity", min: 1 }]), ...checkWhere(buy.where)]),
    ...under("/get", [
      ...checkNumbers(get, [{ name: "quantity", min: 1 }]),
      ...checkPercent(get.percent_bp),
      ...checkWhere(get.where),
    ]),
    ...checkTimes(reward),
  ];
}

function checkBundle(reward: Bundle): Issue[] {
  const { items } = reward;
  const size = items.length < 1 || items.length > componentsMax;
  return [
    ...(size ? [{ pointer: "/items", detail: `must be 1 to ${componentsMax} components` }] : []),
    ...(items.length === 1 && items[0]?.quantity === 1
      ? [{ pointer: "/items", detail: "a bundle has at least two units; for the price of one unit use item_discount" }]
      : []),
    ...items.flatMap((component, index) =>
      under(`/items/${index}`, [
        ...checkNumbers(component, [{ name: "quantity", min: 1 }]),
        ...checkWhere(component.where),
      ]),
    ),
    ...checkNumbers(reward, [{ name: "fixed_amount", min: 0 }]),
    ...checkTimes(reward),
  ];
}

function checkTimes(reward: { readonly max_times?: number; readonly max_amount?: number }): Issue[] {
  return checkNumbers(reward, [
    { name: "max_times", min: 1 },
    { name: "max_amount", min: 1 },
  ]);
}

function checkPoints(reward: Points): Issue[] {
  return [
    ...checkPointsValue(reward),
    ...checkNumbers(reward, [
      { name: "points", min: 1 },
      { name: "per_amount", min: 1 },
      { name: "max_points", min: 1 },
      { name: "expires_in_days", min: 1 },
    ]),
  ];
}

function checkPointsValue({ points, per_amount: perAmount, tiers }: Points): Issue[] {
  const plain = points !== undefined || perAmount !== undefined;
  if (tiers === undefined) return plain ? [] : [{ pointer: "", detail: "needs points, per_amount or tiers" }];
  if (plain) return [{ pointer: "/tiers", detail: "either tiers or points and per_amount" }];
  const faulty = tiers.flatMap((tier, index) =>
    under(`/tiers/${index}`, checkNumbers(tier, [{ name: "points", min: 1 }])),
  );
  return [...checkTiers(tiers), ...faulty];
}

function checkWhere(where: Rule | undefined): Issue[] {
  return where === undefined ? [] : under("/where", checkRule(where, "item"));
}
