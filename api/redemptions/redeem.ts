/** Redeems codes at most once: read the facts, decide, and let one SQL function take what was decided. */
import type { Deps } from "../deps.ts";
import { decide } from "../domain/decide.ts";
import { keyReused } from "../http/idempotency.ts";
import { Problem } from "../http/problem.ts";
import { scoreAttempt } from "./answer.ts";
import { conflictArgument, type RedeemRequest, redeemArgument, refuseArgument } from "./arguments.ts";
import { type LoadedFacts, loadFacts } from "./load-facts.ts";
import { type FunctionAnswer, redeemInDatabase, refuseInDatabase } from "./take.ts";

/** The body is text because a replay must be the same to the byte. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly replayed: boolean;
}

/** More rounds than a counter can flap in practice; each follows a change that somebody else committed. */
const roundsMax = 10;

/**
 * @returns 201 with the redemption, 422 with every reason, 409 when a code already counts on this order; or what the
 * same key was answered before.
 * @throws Problem idempotency_key_reused, or 503 when the counters changed under every round.
 */
export async function redeem(deps: Deps, request: RedeemRequest): Promise<Answer> {
  for (let round = 0; round < roundsMax; round++) {
    const loaded = await loadFacts(deps, request);
    const answer = await attempt(deps, request, loaded);
    if (answer.outcome === "key_reused") throw keyReused();
    if (answer.outcome !== "retry") {
      return { status: answer.status, body: answer.body, replayed: answer.outcome === "replayed" };
    }
  }
  throw new Problem("busy", "The limits of this redemption changed too often meanwhile.", {
    headers: { "retry-after": "1" },
  });
}

function attempt(deps: Deps, request: RedeemRequest, loaded: LoadedFacts): Promise<FunctionAnswer> {
  const { facts } = loaded;
  const conflict = conflictOf(request, loaded);
  if (conflict !== undefined) return refuseInDatabase(deps.pool, conflictArgument(request, loaded, conflict));
  const decision = decide(facts);
  const risk = scoreAttempt(deps.models, facts, decision, loaded.activity);
  return decision.valid
    ? redeemInDatabase(deps.pool, redeemArgument(request, loaded, decision, risk))
    : refuseInDatabase(deps.pool, refuseArgument(request, loaded, decision, risk));
}

/** What no code can change: the order is over, or one of the codes counts on it already. */
function conflictOf(request: RedeemRequest, { facts, orderStatus }: LoadedFacts): Problem | undefined {
  if (orderStatus === "cancelled" || orderStatus === "refunded") {
    return new Problem("order_status_conflict", `The order ${request.order.id} is ${orderStatus}.`);
  }
  const before = new Set(facts.appliedBefore.map((applied) => applied.voucherId));
  const again = facts.redeemables.find(({ voucher }) => voucher !== null && before.has(voucher.id));
  if (again === undefined) return undefined;
  const detail = `The code ${again.code} already counts on order ${request.order.id}.`;
  return new Problem("order_already_redeemed", detail);
}
