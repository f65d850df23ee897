/**
 * What goes back when a redemption is undone, whole or in part. Pure: the same redemption and the same request give the
 * same plan, and any sequence of plans ends with exactly what was given.
 *
 * By items, each line's discount goes back in proportion to the units returned of those that are left, rounded half up,
 * with the last unit all that is left of it; the discount on shipping goes back with the order's last unit. By amount,
 * lines and shipping bear it in proportion to what is left of them, by largest remainder.
 */
import type { OnRollback } from "./facts.ts";
import { proportionOf, splitByLargestRemainder } from "./money.ts";

/** What one code, or one automatic campaign, gave, and what went back of it before. */
export interface RedeemedCode {
  readonly policy: OnRollback;
  readonly itemsDiscount: readonly number[];
  readonly shippingDiscount: number;
  readonly itemsReturned: readonly number[];
  readonly shippingReturned: number;
}

export interface Redeemed {
  /** Units of each line as it was redeemed. */
  readonly quantities: readonly number[];
  readonly unitsReturned: readonly number[];
  readonly codes: readonly RedeemedCode[];
}

export type RollbackRequest =
  | { readonly kind: "whole" }
  /** Discount to give back, minor units. */
  | { readonly kind: "amount"; readonly amount: number }
  | { readonly kind: "items"; readonly items: readonly { readonly index: number; readonly quantity: number }[] };

/** What a code would give on the rest of the order, line by line of the order as it was redeemed. */
export interface Rest {
  readonly applicable: boolean;
  readonly itemsDiscount: readonly number[];
  readonly shippingDiscount: number;
}

export interface RollbackPlan {
  readonly outcome: "planned";
  readonly discountAmount: number;
  /** Nothing of the redemption is left: its uses go back too. */
  readonly whole: boolean;
  /** What goes back now, a code each. `gone`: nothing of it is left, so what it issued goes back too. */
  readonly codes: readonly { readonly items: readonly number[]; readonly shipping: number; readonly gone: boolean }[];
  /** Units that go back now, a line each. */
  readonly units: readonly number[];
}

export interface RollbackRefusal {
  readonly outcome: "refused";
  readonly why: "nothing_left" | "more_than_left" | "no_such_line";
  /** Where in the request, as a JSON pointer; and how much there is. */
  readonly pointer: string;
  readonly left: number;
}

/**
 * @param restOf decides again for the quantities that are left, with the facts and the definitions of then; asked only
 * when a policy needs it.
 */
export function planRollback(
  redeemed: Redeemed,
  request: RollbackRequest,
  restOf: (quantities: readonly number[]) => readonly Rest[],
): RollbackPlan | RollbackRefusal {
  const left = redeemed.codes.map(leftOf);
  const unitsLeft = redeemed.quantities.map((quantity, line) => quantity - (redeemed.unitsReturned[line] ?? 0));
  switch (request.kind) {
    case "whole":
      return allOf(left, unitsLeft);
    case "amount":
      return byAmount(left, unitsLeft, request.amount);
    case "items":
      return byItems(redeemed, left, unitsLeft, request.items, restOf);
  }
}

interface Left {
  readonly items: readonly number[];
  readonly shipping: number;
  readonly given: number;
}

function leftOf(code: RedeemedCode): Left {
  return {
    items: code.itemsDiscount.map((given, line) => given - (code.itemsReturned[line] ?? 0)),
    shipping: code.shippingDiscount - code.shippingReturned,
    given: sum(code.itemsDiscount) + code.shippingDiscount,
  };
}

function totalOf({ items, shipping }: Pick<Left, "items" | "shipping">): number {
  return sum(items) + shipping;
}

function planned(codes: RollbackPlan["codes"], units: readonly number[]): RollbackPlan {
  return {
    outcome: "planned",
    discountAmount: sum(codes.map(totalOf)),
    whole: codes.every((code) => code.gone),
    codes,
    units,
  };
}

function allOf(left: readonly Left[], unitsLeft: readonly number[]): RollbackPlan {
  return planned(
    left.map(({ items, shipping }) => ({ items, shipping, gone: true })),
    unitsLeft,
  );
}

function byAmount(
  left: readonly Left[],
  unitsLeft: readonly number[],
  amount: number,
): RollbackPlan | RollbackRefusal {
  const total = sum(left.map(totalOf));
  if (amount > total) {
    const why = total === 0 ? "nothing_left" : "more_than_left";
    return { outcome: "refused", why, pointer: "/amount", left: total };
  }
  if (amount === total) return allOf(left, unitsLeft);
  const weights = left.flatMap(({ items, shipping }) => [...items, shipping]);
  const shares = splitByLargestRemainder(amount, weights);
  let at = 0;
  const codes = left.map((code) => {
    const items = shares.slice(at, at + code.items.length);
    const shipping = shares[at + code.items.length] ?? 0;
    at += code.items.length + 1;
    return { items, shipping, gone: isGone(code, sum(items) + shipping) };
  });
  return planned(
    codes,
    unitsLeft.map(() => 0),
  );
}

/** A code that gave money has nothing left once all of it is back; one that gave none is gone only with the goods. */
function isGone(code: Left, back: number): boolean {
  return code.given > 0 && totalOf(code) === back;
}

function byItems(
  redeemed: Redeemed,
  left: readonly Left[],
  unitsLeft: readonly number[],
  items: readonly { readonly index: number; readonly quantity: number }[],
  restOf: (quantities: readonly number[]) => readonly Rest[],
): RollbackPlan | RollbackRefusal {
  const units = new Array<number>(unitsLeft.length).fill(0);
  for (const [position, { index, quantity }] of items.entries()) {
    const available = unitsLeft[index];
    if (available === undefined) {
      return { outcome: "refused", why: "no_such_line", pointer: `/items/${position}/index`, left: unitsLeft.length };
    }
    const wanted = (units[index] ?? 0) + quantity;
    if (wanted > available) {
      const why = available === 0 ? "nothing_left" : "more_than_left";
      return { outcome: "refused", why, pointer: `/items/${position}/quantity`, left: available };
    }
    units[index] = wanted;
  }
  const quantities = unitsLeft.map((available, line) => available - (units[line] ?? 0));
  if (quantities.every((quantity) => quantity === 0)) return allOf(left, unitsLeft);

  const asksForRest = redeemed.codes.some((code) => code.policy !== "keep");
  const rest = asksForRest ? restOf(quantities) : [];
  const codes = left.map((code, position) => {
    const share = code.items.map((amount, line) => shareOf(amount, units[line] ?? 0, unitsLeft[line] ?? 0));
    const policy = redeemed.codes[position]?.policy ?? "keep";
    return withPolicy(code, share, policy, rest[position]);
  });
  return planned(codes, units);
}

function shareOf(amount: number, units: number, unitsLeft: number): number {
  return units === 0 ? 0 : proportionOf(amount, units, unitsLeft);
}

/** Never less than the returned units' share, and never more than is left. */
function withPolicy(
  code: Left,
  share: readonly number[],
  policy: OnRollback,
  rest: Rest | undefined,
): RollbackPlan["codes"][number] {
  if (policy !== "keep" && rest !== undefined && !rest.applicable) {
    return { items: code.items, shipping: code.shipping, gone: true };
  }
  if (policy !== "recalculate" || rest === undefined) {
    return { items: share, shipping: 0, gone: isGone(code, sum(share)) };
  }
  const items = code.items.map((amount, line) => Math.max(share[line] ?? 0, amount - (rest.itemsDiscount[line] ?? 0)));
  const shipping = Math.max(0, code.shipping - rest.shippingDiscount);
  return { items, shipping, gone: isGone(code, sum(items) + shipping) };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
