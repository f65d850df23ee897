/** From what goes back of each code to the counters, accounts and rewards that it goes back to. */
import type { Decision } from "../domain/decision.ts";
import { sum } from "../domain/money.ts";
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

interface Revocation {
  readonly reward: IssuedRow;
  /** What is left of it, where only a part is revoked: points that the rest of the order still earns. */
  readonly amount?: number;
}

interface Revoked extends Revocation {
  /** False where the customer has used it already, in part at least. */
  readonly recovered: boolean;
  /** Of points and credit: how much of it comes back. */
  readonly taken: number;
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
  const pointsReturned = plan.whole ? subject.points_spent : 0;
  const revocations = subject.issued.flatMap((reward) => revokedOf(subject, planned, reward));
  const revoked = recover(revocations, backOn(subject, counters, pointsReturned));
  const given = revokedLines(revoked);
  return {
    lines: merged([...counters, ...given]),
    points: pointsOf(subject, revoked, pointsReturned),
    revoked,
    credits: given.flatMap(({ id, balance }) => (balance === undefined ? [] : [{ id, amount: balance }])),
    pointsReturned,
  };
}

/** A campaign may have several codes in a redemption: what it gave goes once nothing of any of them is left. */
function revokedOf(subject: Subject, planned: Planned, reward: IssuedRow): Revocation[] {
  if (planned.plan.whole) return [{ reward }];
  const own = planned.redeemed.codes.flatMap((code, position) =>
    code.campaignId === reward.campaign_id ? [{ code, position }] : [],
  );
  if (own.every(({ position }) => isGone(planned, position))) return [{ reward }];
  const recalculates = own.every(({ code }) => code.onRollback === "recalculate");
  if (planned.rest === null || !recalculates || reward.type !== "points") return [];
  return fewerPoints(subject, reward, pointsAgain(planned.rest, reward.campaign_id, isOwn(subject, reward)));
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

/** The customer's, not a referrer's: nobody refers themselves. */
function isOwn({ customer_id }: Subject, reward: IssuedRow): boolean {
  return reward.customer_id === customer_id;
}

function pointsAgain({ codes, automatic }: Decision, campaignId: string, own: boolean): number {
  const rewards = [...codes, ...automatic]
    .filter((code) => code.campaignId === campaignId)
    .flatMap((code) => (own ? code.rewards : code.referrerRewards));
  return sum(rewards.map((reward) => reward.points ?? 0));
}

/** With one points reward of the campaign the rest is told exactly; with several they share it by what each gave. */
function fewerPoints(subject: Subject, reward: IssuedRow, again: number): Revocation[] {
  const issued = subject.issued.filter(
    (one) =>
      one.type === "points" && one.campaign_id === reward.campaign_id && isOwn(subject, one) === isOwn(subject, reward),
  );
  const total = sum(issued.map((one) => one.amount ?? 0));
  const own = reward.amount ?? 0;
  const left = total === 0 ? 0 : Math.min(own, Math.ceil((again * own) / total));
  return left >= own ? [] : [{ reward, amount: left }];
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

/** What the rollback puts on accounts and cards, by `fundOf`: it pays for what is revoked there. */
function backOn(subject: Subject, counters: readonly Line[], pointsReturned: number): ReadonlyMap<string, number> {
  const back = new Map<string, number>();
  if (subject.customer_id !== null) back.set(`points ${subject.customer_id}`, pointsReturned);
  for (const { id, balance } of counters) if (balance !== undefined) back.set(`card ${id}`, balance);
  return back;
}

function fundOf({ type, customer_id, voucher_id }: IssuedRow): string {
  return type === "points" ? `points ${customer_id}` : `card ${voucher_id}`;
}

/** Points and credit come back as far as their account or card has them; several rewards may draw on one. */
function recover(revocations: readonly Revocation[], back: ReadonlyMap<string, number>): Revoked[] {
  const available = new Map<string, number>();
  return revocations.map((revocation): Revoked => {
    const { reward, amount = 0 } = revocation;
    if (reward.type === "voucher") return { ...revocation, recovered: reward.voucher_uses === 0, taken: 0 };
    // A code that somebody has seen cannot be given to another.
    if (reward.type === "pool_voucher") return { ...revocation, recovered: false, taken: 0 };
    const fund = fundOf(reward);
    const held = (reward.type === "points" ? reward.points_available : reward.voucher_balance) ?? 0;
    const left = available.get(fund) ?? held + (back.get(fund) ?? 0);
    const wanted = (reward.amount ?? 0) - amount;
    const taken = Math.min(left, wanted);
    available.set(fund, left - taken);
    return { ...revocation, recovered: taken === wanted, taken };
  });
}

function revokedLines(revoked: readonly Revoked[]): Line[] {
  return revoked.flatMap(({ reward, taken }): Line[] => {
    const { voucher_id: id, voucher_code: code } = reward;
    if (id === null || code === null) return [];
    if (reward.type === "gift_credit") {
      return taken === 0 ? [] : [{ kind: "voucher", id, code, uses: 0, amount: 0, balance: -taken }];
    }
    const isOpen = reward.type === "voucher" && reward.voucher_uses === 0 && reward.voucher_disabled === false;
    return isOpen ? [{ kind: "voucher", id, code, uses: 0, amount: 0, disable: true }] : [];
  });
}

/** What is returned comes first: what is revoked may have to be paid from it. */
function pointsOf(subject: Subject, revoked: readonly Revoked[], pointsReturned: number): PointsMove[] {
  const move = { reason: null, expires_at: null };
  const returned =
    pointsReturned > 0 && subject.customer_id !== null
      ? [{ ...move, customer_id: subject.customer_id, points: pointsReturned, kind: "returned" as const }]
      : [];
  const taken = revoked.flatMap(({ reward, taken }) =>
    reward.type === "points" && reward.customer_id !== null && taken > 0
      ? [{ ...move, customer_id: reward.customer_id, points: -taken, kind: "revoked" as const }]
      : [],
  );
  return inAccountOrder([...returned, ...taken]);
}
