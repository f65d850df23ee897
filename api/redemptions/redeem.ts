/** Redeems codes at most once: read the facts, decide, and let one SQL function take what was decided. */
import { refuseFor } from "../attempts/attempts.ts";
import type { Deps } from "../deps.ts";
import { decide } from "../domain/decide.ts";
import { keyReused } from "../http/idempotency.ts";
import { Problem } from "../http/problem.ts";
import { assessAttempt } from "../risk/assess-attempt.ts";
import {
  type Attempt,
  conflictArgument,
  customerOf,
  type RedeemRequest,
  redeemArgument,
  refuseArgument,
  rejectArgument,
  reserveArgument,
} from "./arguments.ts";
import { issuesOf, resolveIssues } from "./issues.ts";
import { type LoadedFacts, loadFacts } from "./load-facts.ts";
import { riskInputOf } from "./risk-input.ts";
import { type CommitArgument, commit, type FunctionAnswer } from "./take.ts";
import type { Hold } from "./withhold.ts";

/** The body is text because a replay must be the same to the byte. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly replayed: boolean;
}

/**
 * Each follows a change that somebody else committed: more than a counter can flap in practice, and more than the 30 codes
 * of one order, should they all come at once, each by itself.
 */
const roundsMax = 40;

/**
 * @returns 201 with the redemption, 422 with every reason, 409 when a code already counts on this order; or what the
 * same key was answered before. An attempt whose risk is to be looked at is held and answered 422.
 * @throws Problem idempotency_key_reused, too_many_attempts, or 503 when the counters changed under every round.
 */
export function redeem(deps: Deps, request: RedeemRequest): Promise<Answer> {
  return inRounds(deps, request, { becomes: "redemption", ttlSeconds: 0 }, async (attempt) => {
    const customer = customerOf(attempt.loaded);
    const issues = issuesOf(attempt.decision, attempt.loaded.facts, customer?.id ?? null);
    const resolved =
      issues.length === 0
        ? { issues, lines: [], identifiers: new Map<string, string>() }
        : await resolveIssues(deps.pool, request.projectId, issues, customer, new Date(attempt.loaded.facts.now));
    return redeemArgument(attempt, customer, resolved);
  });
}

/**
 * Holds for `ttlSeconds` all that a redemption would take.
 *
 * @returns 201 with the reservation, else as `redeem`.
 */
export function reserve(deps: Deps, request: RedeemRequest, ttlSeconds: number): Promise<Answer> {
  return inRounds(deps, request, { becomes: "reservation", ttlSeconds }, async (attempt) =>
    holding(attempt, ttlSeconds),
  );
}

/** @param review the reservation waits for a reviewer. */
function holding(attempt: Attempt, ttlSeconds: number, review?: Hold): CommitArgument {
  const customer = customerOf(attempt.loaded);
  const issues = issuesOf(attempt.decision, attempt.loaded.facts, customer?.id ?? null);
  const expiresAt = new Date(attempt.loaded.clock + ttlSeconds * 1000).toISOString();
  return reserveArgument(attempt, customer, issues, expiresAt, review);
}

/** What an attempt that is held for review was to become, and for how long the caller would have held it. */
interface Asked {
  readonly becomes: Hold;
  readonly ttlSeconds: number;
}

async function inRounds(
  deps: Deps,
  request: RedeemRequest,
  asked: Asked,
  argumentOf: (attempt: Attempt) => Promise<CommitArgument>,
): Promise<Answer> {
  for (let round = 0; round < roundsMax; round++) {
    const loaded = await loadFacts(deps, request);
    await refuseFor(deps, request.projectId, loaded.refusedSeconds, request.idempotencyKey);
    const answer = await attempt(deps, request, loaded, asked, argumentOf);
    if (answer.outcome === "key_reused") throw keyReused();
    if (answer.outcome !== "retry") {
      return { status: answer.status, body: answer.body, replayed: answer.outcome === "replayed" };
    }
  }
  throw new Problem("busy", "The limits of this redemption changed too often meanwhile.", {
    headers: { "retry-after": "1" },
  });
}

async function attempt(
  deps: Deps,
  request: RedeemRequest,
  loaded: LoadedFacts,
  asked: Asked,
  argumentOf: (attempt: Attempt) => Promise<CommitArgument>,
): Promise<FunctionAnswer> {
  const { facts } = loaded;
  const conflict = conflictOf(request, loaded);
  if (conflict !== undefined) return commit(deps.pool, conflictArgument(request, loaded, conflict));
  const decision = decide(facts);
  const risk = await assessAttempt(deps, {
    projectId: request.projectId,
    riskVersion: loaded.riskVersion,
    decision,
    channel: facts.order.channel ?? "",
    input: () => riskInputOf(loaded, decision),
  });
  return commit(deps.pool, await argumentFor({ request, loaded, decision, risk }, asked, argumentOf));
}

async function argumentFor(
  attempt: Attempt,
  { becomes, ttlSeconds }: Asked,
  argumentOf: (attempt: Attempt) => Promise<CommitArgument>,
): Promise<CommitArgument> {
  const { action, hold_seconds: holdSeconds = 0 } = attempt.risk;
  if (!attempt.decision.valid) return refuseArgument(attempt);
  if (action === "reject") return rejectArgument(attempt);
  if (action === "hold") return holding(attempt, Math.max(holdSeconds, ttlSeconds), becomes);
  return argumentOf(attempt);
}

/** What no code can change: the order is over, or one of the codes counts on it already. */
function conflictOf(request: RedeemRequest, { facts, orderStatus }: LoadedFacts): Problem | undefined {
  if (orderStatus === "cancelled" || orderStatus === "refunded") {
    return new Problem("order_status_conflict", `The order ${request.order.id} is ${orderStatus}.`);
  }
  const before = new Map(facts.appliedBefore.map((applied) => [applied.voucherId, applied]));
  const again = facts.redeemables.find(({ voucher }) => voucher !== null && before.has(voucher.id));
  if (again === undefined) return undefined;
  if (before.get(again.voucher?.id ?? "")?.held === true) {
    const detail = `The code ${again.code} is held by a reservation of order ${request.order.id}: confirm or cancel that.`;
    return new Problem("order_already_reserved", detail);
  }
  const detail = `The code ${again.code} already counts on order ${request.order.id}.`;
  return new Problem("order_already_redeemed", detail);
}
