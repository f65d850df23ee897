/** What a redemption gives besides money off: points, new vouchers, codes of pools, credit on gift cards. */
import { randomBytes } from "node:crypto";
import type pg from "pg";
import type { Event } from "../../ingest/events/events.ts";
import { codeSource } from "../domain/codes.ts";
import type { AppliedReward, CodeDecision, Decision } from "../domain/decision.ts";
import type { Facts } from "../domain/facts.ts";
import { newId } from "../ids.ts";
import type { Line } from "./lines.ts";

/** One reward to be issued to one customer; becomes a row of `issued_reward`. */
export interface Issue {
  readonly id: string;
  readonly type: "points" | "voucher" | "pool_voucher" | "gift_credit";
  /** The campaign that gives it. */
  readonly campaign_id: string;
  readonly customer_id: string;
  readonly role: "customer" | "referrer";
  /** Where the answer shows it: position of the code, index of its reward. Null for a referrer's. */
  readonly shown: string | null;
  readonly amount: number | null;
  readonly expires_in_days?: number;
  readonly voucher_id: string | null;
  /** Of a voucher or a card that is made for it; null for credit on a card that exists. */
  readonly voucher_code: string | null;
  /** Of the card that credit goes on, where it exists already. */
  readonly card_code?: string;
  /** The campaign of that voucher or card. */
  readonly voucher_campaign_id: string | null;
  readonly pool_id?: string;
  readonly pool_code_id?: string;
}

/** 60 bits: nobody guesses one of a million such codes. */
const rewardPattern = { charset: "mixed", length: 12 } as const;
const nextCode = codeSource(rewardPattern, randomBytes);

/** @param customerId who the customer is or will be; a guest is given nothing that needs an owner. */
export function issuesOf(decision: Decision, facts: Facts, customerId: string | null): Issue[] {
  const issues = [...decision.codes, ...decision.automatic].flatMap((code, position) => {
    const own = code.rewards.flatMap((reward, index) => {
      const shown = `${position}/${index}`;
      return customerId === null ? [] : issueOf(code, reward, customerId, "customer", shown);
    });
    const referrer = facts.redeemables.find(({ voucher }) => voucher?.id === code.voucherId)?.voucher?.referrerId;
    if (referrer === null || referrer === undefined) return own;
    return [...own, ...code.referrerRewards.flatMap((reward) => issueOf(code, reward, referrer, "referrer", null))];
  });
  return onOneCard(issues);
}

/** Should credit have to make a card, all of it that goes to one customer and campaign makes the same one. */
function onOneCard(issues: readonly Issue[]): Issue[] {
  const first = new Map<string, Issue>();
  return issues.map((issue) => {
    if (issue.type !== "gift_credit") return issue;
    const key = `${issue.voucher_campaign_id} ${issue.customer_id}`;
    const { voucher_id, voucher_code } = first.get(key) ?? issue;
    if (!first.has(key)) first.set(key, issue);
    return { ...issue, voucher_id, voucher_code };
  });
}

function issueOf(
  code: CodeDecision,
  reward: AppliedReward,
  customerId: string,
  role: Issue["role"],
  shown: string | null,
): Issue[] {
  const base = {
    id: newId("rew"),
    campaign_id: code.campaignId ?? "",
    customer_id: customerId,
    role,
    shown,
    amount: null,
    voucher_id: null,
    voucher_code: null,
    voucher_campaign_id: null,
  };
  switch (reward.type) {
    case "points": {
      if ((reward.points ?? 0) === 0) return [];
      const expiry = reward.expiresInDays === undefined ? {} : { expires_in_days: reward.expiresInDays };
      return [{ ...base, type: "points", amount: reward.points ?? 0, ...expiry }];
    }
    case "voucher":
    case "gift_credit":
      return [
        {
          ...base,
          type: reward.type,
          amount: reward.amount ?? null,
          voucher_id: newId("vou"),
          voucher_code: nextCode(),
          voucher_campaign_id: reward.campaignId ?? null,
        },
      ];
    case "pool_voucher":
      return [{ ...base, type: "pool_voucher", pool_id: reward.poolId ?? "" }];
    default:
      return [];
  }
}

export interface Resolved {
  readonly issues: readonly Issue[];
  /** Credit on cards that exist. */
  readonly lines: readonly Line[];
  /** Identifiers of the customers, by id. */
  readonly identifiers: ReadonlyMap<string, string>;
}

/**
 * Finds the gift cards that credit goes to. Credit for somebody without a card of the campaign makes one.
 *
 * @param at when the rewards are given: the instant at which `issue_rewards` asks whether a card is usable.
 */
export async function resolveIssues(
  pool: pg.Pool,
  projectId: string,
  issues: readonly Issue[],
  customer: { readonly id: string; readonly identifier: string } | null,
  at: Date,
): Promise<Resolved> {
  const identifiers = new Map(customer === null ? [] : [[customer.id, customer.identifier]]);
  const strangers = issues.filter((issue) => !identifiers.has(issue.customer_id));
  if (strangers.length > 0) {
    const { rows } = await pool.query<{ id: string; identifier: string }>(
      "select id, identifier from customer where project_id = $1 and id = any($2)",
      [projectId, strangers.map((issue) => issue.customer_id)],
    );
    for (const { id, identifier } of rows) identifiers.set(id, identifier);
  }
  const credits = issues.filter((issue) => issue.type === "gift_credit");
  if (credits.length === 0) return { issues, lines: [], identifiers };
  const { rows } = await pool.query<{ campaign_id: string; customer_id: string; id: string; code: string }>(
    `select distinct on (k.campaign_id, k.customer_id) k.campaign_id, k.customer_id, v.id, v.code
     from unnest($2::text[], $3::text[]) as k(campaign_id, customer_id)
     join voucher v on v.project_id = $1 and v.customer_id = k.customer_id and v.campaign_id = k.campaign_id
       and v.kind = 'gift_card' and v.status <> 'disabled' and (v.expires_at is null or v.expires_at > $4)
     order by k.campaign_id, k.customer_id, v.id`,
    [projectId, credits.map((issue) => issue.voucher_campaign_id), credits.map((issue) => issue.customer_id), at],
  );
  const cards = new Map(rows.map((row) => [`${row.campaign_id} ${row.customer_id}`, row]));
  const lines: Line[] = [];
  const resolved = issues.map((issue): Issue => {
    const card =
      issue.type === "gift_credit" ? cards.get(`${issue.voucher_campaign_id} ${issue.customer_id}`) : undefined;
    if (card === undefined) return issue;
    lines.push({ kind: "voucher", id: card.id, code: card.code, uses: 0, amount: 0, balance: issue.amount ?? 0 });
    return { ...issue, voucher_id: card.id, voucher_code: null, card_code: card.code };
  });
  return { issues: resolved, lines, identifiers };
}

export interface PointsMove {
  readonly customer_id: string;
  readonly points: number;
  readonly kind: "spent" | "earned" | "returned" | "revoked";
  readonly reason: string | null;
  readonly expires_at: string | null;
}

const dayMs = 86_400_000;

/** Points that the issues bring, in the order in which accounts are locked. */
export function earnedPoints(issues: readonly Issue[], at: Date): PointsMove[] {
  return issues
    .filter((issue) => issue.type === "points")
    .map((issue) => ({
      customer_id: issue.customer_id,
      points: issue.amount ?? 0,
      kind: "earned" as const,
      reason: null,
      expires_at:
        issue.expires_in_days === undefined
          ? null
          : new Date(at.getTime() + issue.expires_in_days * dayMs).toISOString(),
    }));
}

/**
 * In the order in which accounts are locked; those of one account as they come. Spending comes before earning, for nobody
 * pays with what the same redemption brings; in a rollback what is returned comes before what is revoked.
 */
export function inAccountOrder(moves: readonly PointsMove[]): PointsMove[] {
  return [...moves].sort((a, b) => (a.customer_id < b.customer_id ? -1 : a.customer_id > b.customer_id ? 1 : 0));
}

export function issuedEvents(
  projectId: string,
  redemptionId: string,
  { issues, identifiers }: Resolved,
  occurredAt: string,
): Event[] {
  return issues.map((issue) => ({
    event_id: newId("evt"),
    project_id: projectId,
    type: "reward.issued",
    version: 1,
    occurred_at: occurredAt,
    payload: {
      reward_id: issue.id,
      redemption_id: redemptionId,
      campaign_id: issue.campaign_id,
      customer: identifiers.get(issue.customer_id) ?? null,
      reward_type: issue.type,
      amount: issue.amount,
      voucher_id: issue.voucher_id,
      role: issue.role,
    },
  }));
}
