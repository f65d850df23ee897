/** From what goes back of each code to the counters, accounts and rewards that it goes back to. */
import type { Decision } from "../domain/decision.ts";
import type { Redeemed, RollbackPlan } from "../domain/rollback.ts";
import { inAccountOrder, type PointsMove } from "./issues.ts";
import { type Line, merged } from "./lines.ts";
import type { IssuedRow, RedeemedCodeRow, Subject } from "./redemption-subject.ts";
import { paysByGiftCard } from "./rest.ts";

/** A plan, and the decision about the rest that a policy asked for. */
export interface Planned {
  readonly plan: RollbackPlan;
  readonly redeemed: Redeemed;
  readonly rest: Decision | null;
}

interface Revoked {
  readonly reward: IssuedRow;
  /** False where the customer has used it already. */
  readonly recovered: boolean;
  /** What is left of it, where only a part is revoked: points that the rest of the order still earns. */
  readonly amount?: number;
}

export interface Movement {
  readonly lines: readonly Line[];
  readonly points: readonly PointsMove[];
  readonly revoked: readonly Revoked[];
  /** Credit that cards lose with the rewards that gave it. */
  readonly credits: readonly { readonly id: string; readonly amount: number }[];
  readonly pointsReturned: number;
}

export function movementOf(subject: Subject, planned: Planned): Movement {
  const { plan } = planned;
  const backs = subject.codes.map((code, position) => ({ code, amount: plan.codes[position]?.amount ?? 0 }));
  const counters = (plan.whole ? remaining(subject.moved) : touched(subject.moved)).flatMap((line) =>
    counterBack(line, backs, plan.whole),
  );
  const revoked = subject.issued.flatMap((reward) => revokedOf(subject, planned, reward));
  const given = revokedLines(revoked);
  const pointsReturned = plan.whole ? subject.points_spent : 0;
  return {
    lines: merged([...counters, ...given]),
    points: pointsOf(subject, revoked, pointsReturned),
    revoked,
    credits: given.flatMap(({ id, balance }) => (balance === undefined ? [] : [{ id, amount: balance }])),
    pointsReturned,
  };
}

/** A campaign may have several codes in a redemption: what it gave goes once nothing of any of them is left. */
function revokedOf(subject: Subject, planned: Planned, reward: IssuedRow): Revoked[] {
  if (planned.plan.whole) return [revoke(reward)];
  const own = planned.redeemed.codes.flatMap((code, position) =>
    code.campaignId === reward.campaign_id ? [{ code, position }] : [],
  );
  if (own.every(({ position }) => isGone(planned, position))) return [revoke(reward)];
  const recalculates = own.every(({ code }) => code.onRollback === "recalculate");
  if (planned.rest === null || !recalculates || reward.type !== "points") return [];
  return fewerPoints(subject, reward, pointsAgain(planned.rest, reward.campaign_id));
}

/** Nothing of a code is left: all it gave is back, or the rest no longer meets its rules. */
function isGone({ plan, redeemed, rest }: Planned, position: number): boolean {
  const code = redeemed.codes[position];
  if (code === undefined) return false;
  const given = sum(code.itemsDiscount) + code.shippingDiscount;
  const back = sum(code.itemsReturned) + code.shippingReturned + (plan.codes[position]?.amount ?? 0);
  if (given > 0 && back === given) return true;
  if (rest === null || code.onRollback === "keep" || code.isGiftCard) return false;
  const again =
    code.voucherId === null
      ? rest.automatic.find((one) => one.campaignId === code.campaignId)
      : rest.codes.find((one) => one.voucherId === code.voucherId);
  return again?.applicable !== true;
}

function pointsAgain({ codes, automatic }: Decision, campaignId: string): number {
  return [...codes, ...automatic]
    .filter((code) => code.campaignId === campaignId)
    .reduce((total, code) => total + code.rewards.reduce((points, reward) => points + (reward.points ?? 0), 0), 0);
}

/** With one points reward of the campaign the rest is told exactly; with several they share it by what each gave. */
function fewerPoints(subject: Subject, reward: IssuedRow, again: number): Revoked[] {
  const issued = subject.issued.filter((one) => one.type === "points" && one.campaign_id === reward.campaign_id);
  const total = sum(issued.map((one) => one.amount ?? 0));
  const own = reward.amount ?? 0;
  const left = total === 0 ? 0 : Math.min(own, Math.ceil((again * own) / total));
  if (left >= own) return [];
  return [{ reward, recovered: (reward.points_available ?? 0) >= own - left, amount: left }];
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** The counters it moved, each once, with what still stands of it. */
function remaining(moved: readonly Line[]): Line[] {
  return merged(moved.map(bare));
}

function touched(moved: readonly Line[]): Line[] {
  return remaining(moved).map((line) => ({ ...line, uses: 0, orders: 0 }));
}

/** Without what bound it then; balances are given back by code, holds are long over. */
function bare(line: Line): Line {
  const { version: _v, uses_max: _u, amount_max: _a, orders_max: _o, holds: _h, balance: _b, ...rest } = line;
  return rest;
}

function counterBack(
  line: Line,
  backs: readonly { readonly code: RedeemedCodeRow; readonly amount: number }[],
  whole: boolean,
): Line[] {
  const own = backs.filter(({ code }) => drawsOn(code, line));
  const back = own.reduce((sum, { amount }) => sum + amount, 0);
  // The last of it takes what the ledger says still stands.
  const amount = whole ? line.amount : back;
  const balance = line.kind === "voucher" && own.some(({ code }) => paysByGiftCard(code)) ? back : 0;
  if (line.uses === 0 && amount === 0 && balance === 0 && (line.orders ?? 0) === 0) return [];
  return [
    {
      ...line,
      uses: -line.uses,
      amount: -amount,
      ...(line.orders === undefined ? {} : { orders: -line.orders }),
      ...(balance === 0 ? {} : { balance }),
    },
  ];
}

function drawsOn(code: RedeemedCodeRow, line: Line): boolean {
  const isVoucher = line.kind === "voucher" || line.scope === "voucher";
  return isVoucher ? code.voucher_id === line.id : code.campaign_id === line.id || code.main_campaign_id === line.id;
}

function revoke(reward: IssuedRow): Revoked {
  const amount = reward.amount ?? 0;
  switch (reward.type) {
    case "points":
      return { reward, recovered: (reward.points_available ?? 0) >= amount };
    case "gift_credit":
      return { reward, recovered: (reward.voucher_balance ?? 0) >= amount };
    case "voucher":
      return { reward, recovered: reward.voucher_uses === 0 };
    case "pool_voucher":
      // A code that somebody has seen cannot be given to another.
      return { reward, recovered: false };
  }
}

/** Credit comes back as far as the card has it; several rewards may have gone to one card. */
function revokedLines(revoked: readonly Revoked[]): Line[] {
  const available = new Map<string, number>();
  return revoked.flatMap(({ reward }): Line[] => {
    const { voucher_id: id, voucher_code: code } = reward;
    if (id === null || code === null) return [];
    if (reward.type === "gift_credit") {
      const left = available.get(id) ?? reward.voucher_balance ?? 0;
      const amount = Math.min(left, reward.amount ?? 0);
      available.set(id, left - amount);
      return amount === 0 ? [] : [{ kind: "voucher", id, code, uses: 0, amount: 0, balance: -amount }];
    }
    const isOpen = reward.type === "voucher" && reward.voucher_uses === 0 && reward.voucher_disabled === false;
    return isOpen ? [{ kind: "voucher", id, code, uses: 0, amount: 0, disable: true }] : [];
  });
}

/** Points come back as far as the accounts have them; several rewards may draw on one account. */
function pointsOf(subject: Subject, revoked: readonly Revoked[], pointsReturned: number): PointsMove[] {
  const available = new Map<string, number>();
  const moves: PointsMove[] = [];
  for (const { reward, amount } of revoked) {
    if (reward.type !== "points" || reward.customer_id === null) continue;
    const left = available.get(reward.customer_id) ?? reward.points_available ?? 0;
    const points = Math.min(left, (reward.amount ?? 0) - (amount ?? 0));
    available.set(reward.customer_id, left - points);
    if (points > 0) {
      moves.push({ customer_id: reward.customer_id, points: -points, kind: "revoked", reason: null, expires_at: null });
    }
  }
  if (pointsReturned > 0 && subject.customer_id !== null) {
    const { customer_id } = subject;
    moves.push({ customer_id, points: pointsReturned, kind: "returned", reason: null, expires_at: null });
  }
  return inAccountOrder(moves);
}
