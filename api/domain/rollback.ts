/**
 * What a rollback gives back. Pure planning: from what a redemption took and what went back already to what goes back
 * now, for each code and line. Rollbacks in any order and of any kind end exactly where nothing is left.
 *
 * - `whole`: all that is left.
 * - `amount`: so much of the discount, split by largest remainder over all that is left, shipping included.
 * - `items`: of each line the part of the returned units in those that were left; shipping goes back with the last unit
 *   of the order. Then each campaign's policy says what happens to the rest of the order: `keep` leaves its discount
 *   alone; `recalculate` decides the rest again and takes back what it gets less; `revoke` takes back everything when
 *   the rest no longer meets the rules. What the rest would get more is never given. A gift card is a way to pay, so
 *   its share goes back and no policy asks for more.
 */
import type { CodeDecision, Decision } from "./decision.ts";
import type { OnRollback } from "./facts.ts";
import { proportionOf, splitByLargestRemainder, sum } from "./money.ts";

/** A code or an automatic campaign of a redemption. Lines as in the order. */
export interface RedeemedCode {
  /** Null for an automatic campaign. */
  readonly voucherId: string | null;
  readonly campaignId: string;
  readonly onRollback: OnRollback;
  readonly isGiftCard: boolean;
  readonly itemsDiscount: readonly number[];
  readonly shippingDiscount: number;
  /** What earlier rollbacks gave back; missing lines count as 0. */
  readonly itemsReturned: readonly number[];
  readonly shippingReturned: number;
}

export interface Redeemed {
  /** Units of each line, and how many of them earlier rollbacks returned; missing lines count as 0. */
  readonly quantities: readonly number[];
  readonly unitsReturned: readonly number[];
  readonly codes: readonly RedeemedCode[];
}

export type RollbackRequest =
  | { readonly kind: "whole" }
  /** At least 1. */
  | { readonly kind: "amount"; readonly amount: number }
  | { readonly kind: "items"; readonly items: readonly { readonly index: number; readonly quantity: number }[] };

interface ReturnedByCode {
  readonly items: readonly number[];
  readonly shipping: number;
  readonly amount: number;
}

export interface RollbackPlan {
  readonly outcome: "planned";
  readonly discountAmount: number;
  /** One entry a code: what goes back now. */
  readonly codes: readonly ReturnedByCode[];
  /** Of each line, this rollback included. */
  readonly unitsReturned: readonly number[];
  /** Nothing is left: uses, points and issued rewards go back too. */
  readonly whole: boolean;
}

/** `at`: the entry of the request's `items` that cannot be. */
export type RollbackRefusal =
  | { readonly outcome: "nothing_left" }
  | { readonly outcome: "more_than_left"; readonly left: number; readonly at?: number }
  | { readonly outcome: "no_such_line"; readonly at: number };

/**
 * `decideRest` decides the order again with so many units of each line, see `factsOfRest`; it is asked at most once,
 * and only when a policy wants to know. Null when that cannot be told any more: then the rest keeps its discount.
 */
export function planRollback(
  redeemed: Redeemed,
  request: RollbackRequest,
  decideRest: ((quantities: readonly number[]) => Decision) | null,
): RollbackPlan | RollbackRefusal {
  const cells = redeemed.codes.map((code) => leftOf(code, redeemed.quantities.length));
  const left = sum(cells.flat());
  const unitsReturned = redeemed.quantities.map((_, line) => redeemed.unitsReturned[line] ?? 0);
  const units = redeemed.quantities.map((quantity, line) => quantity - (unitsReturned[line] ?? 0));
  if (isNothing(redeemed, left, units)) return { outcome: "nothing_left" };

  if (request.kind === "whole") return planOf(redeemed, cells, redeemed.quantities, cells);
  if (request.kind === "amount") {
    if (request.amount > left) return left === 0 ? { outcome: "nothing_left" } : { outcome: "more_than_left", left };
    const back = reshape(splitByLargestRemainder(request.amount, cells.flat()), cells);
    const plan = planOf(redeemed, cells, unitsReturned, back);
    // Whoever asks for the last cent asks for all of it, whatever else was given.
    return { ...plan, whole: request.amount === left };
  }
  const asked = new Array<number>(units.length).fill(0);
  for (const [at, { index, quantity }] of request.items.entries()) {
    if (index < 0 || index >= units.length) return { outcome: "no_such_line", at };
    const wanted = (asked[index] ?? 0) + quantity;
    if (wanted > (units[index] ?? 0)) return { outcome: "more_than_left", left: units[index] ?? 0, at };
    asked[index] = wanted;
  }
  const rest = units.map((unit, line) => unit - (asked[line] ?? 0));
  const back = sharesOf(asked, units, rest, cells);
  const after = redeemed.quantities.map((quantity, line) => quantity - (rest[line] ?? 0));
  const shared = planOf(redeemed, cells, after, back);
  return shared.whole ? shared : planOf(redeemed, cells, after, byPolicy(redeemed, cells, back, rest, decideRest));
}

/** What is left of a code, one entry a line and shipping last. */
function leftOf(code: RedeemedCode, lines: number): number[] {
  const left = Array.from(
    { length: lines },
    (_, line) => (code.itemsDiscount[line] ?? 0) - (code.itemsReturned[line] ?? 0),
  );
  return [...left, code.shippingDiscount - code.shippingReturned];
}

/** What took nothing off, and gave points say, stands until all units are back, also beside codes whose money is back. */
function isNothing({ codes }: Redeemed, left: number, units: readonly number[]): boolean {
  if (units.every((unit) => unit === 0)) return true;
  return left === 0 && codes.every((code) => sum(code.itemsDiscount) + code.shippingDiscount > 0);
}

function planOf(
  redeemed: Redeemed,
  cells: readonly (readonly number[])[],
  unitsReturned: readonly number[],
  back: readonly (readonly number[])[],
): RollbackPlan {
  const discountAmount = sum(back.flat());
  const units = redeemed.quantities.map((quantity, line) => quantity - (unitsReturned[line] ?? 0));
  return {
    outcome: "planned",
    discountAmount,
    codes: back.map((code) => ({ items: code.slice(0, -1), shipping: code.at(-1) ?? 0, amount: sum(code) })),
    unitsReturned: [...unitsReturned],
    whole: isNothing(redeemed, sum(cells.flat()) - discountAmount, units),
  };
}

/** Of each line the part of the returned units, over the codes by largest remainder. The last unit takes all that is left. */
function sharesOf(
  asked: readonly number[],
  units: readonly number[],
  rest: readonly number[],
  cells: readonly (readonly number[])[],
): number[][] {
  const back = cells.map((code) => code.map(() => 0));
  for (const [line, returned] of asked.entries()) {
    if (returned === 0) continue;
    const lefts = cells.map((code) => code[line] ?? 0);
    const total = proportionOf(sum(lefts), returned, units[line] ?? returned);
    for (const [index, share] of splitByLargestRemainder(total, lefts).entries()) {
      const code = back[index];
      if (code !== undefined) code[line] = share;
    }
  }
  // What is left of shipping has nothing left to be shipped.
  if (rest.every((unit) => unit === 0)) {
    for (const [index, code] of back.entries()) code[rest.length] = cells[index]?.[rest.length] ?? 0;
  }
  return back;
}

function byPolicy(
  redeemed: Redeemed,
  cells: readonly (readonly number[])[],
  back: readonly (readonly number[])[],
  rest: readonly number[],
  decideRest: ((quantities: readonly number[]) => Decision) | null,
): number[][] {
  const isJudged = (code: RedeemedCode) => code.onRollback !== "keep" && !code.isGiftCard;
  const decision = decideRest !== null && redeemed.codes.some(isJudged) ? decideRest(rest) : null;
  return redeemed.codes.map((code, index) => {
    const shared = back[index] ?? [];
    if (decision === null || !isJudged(code)) return [...shared];
    const kept = (cells[index] ?? []).map((amount, cell) => amount - (shared[cell] ?? 0));
    const more = splitByLargestRemainder(lessFor(code, sum(kept), decision), kept);
    return shared.map((amount, cell) => amount + (more[cell] ?? 0));
  });
}

/** How much of what it kept the rest of the order must give back. */
function lessFor(code: RedeemedCode, kept: number, { codes, automatic }: Decision): number {
  const isSame = (other: CodeDecision) =>
    code.voucherId === null ? other.campaignId === code.campaignId : other.voucherId === code.voucherId;
  const again = (code.voucherId === null ? automatic : codes).find(isSame);
  if (again?.applicable !== true) return kept;
  return code.onRollback === "recalculate" ? Math.max(0, kept - again.discountAmount) : 0;
}

function reshape(flat: readonly number[], like: readonly (readonly number[])[]): number[][] {
  let at = 0;
  return like.map((row) => {
    at += row.length;
    return flat.slice(at - row.length, at);
  });
}
