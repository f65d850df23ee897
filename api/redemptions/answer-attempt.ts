/** What a redemption and a reservation do alike with a request: whoever guesses is refused, a key is asked for. */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { z } from "zod";
import { countGuesses, guessLimits, refuseKnown } from "../attempts/attempts.ts";
import { guesserOf } from "../attempts/subjects.ts";
import { unknownCodesOf } from "../attempts/unknown-codes.ts";
import type { Deps } from "../deps.ts";
import type { AppEnv } from "../http/environment.ts";
import { type RequestIdentity, requestIdentity, sendText } from "../http/idempotency.ts";
import { languagesOf } from "../http/languages.ts";
import { Problem } from "../http/problem.ts";
import { originOf } from "../signals/subjects.ts";
import { toOrderFacts } from "../validations/order-schema.ts";
import type { RedeemRequest } from "./arguments.ts";
import { decideAt } from "./decide-at.ts";
import type { Answer } from "./redeem.ts";
import type { redemptionBody } from "./schemas.ts";

/** @param why what a retry must not do, as the end of a sentence. @throws Problem idempotency_key_required */
export function requiredIdentity(c: Context<AppEnv>, why: string): RequestIdentity {
  const identity = requestIdentity(c);
  if (identity !== undefined) return identity;
  throw new Problem("idempotency_key_required", `Send an Idempotency-Key, so that ${why}.`);
}

/** As `makeAttempt`, sent. */
export async function answerAttempt(...given: Parameters<typeof makeAttempt>): Promise<Response> {
  return sendAnswer(given[1], await makeAttempt(...given));
}

/** @throws Problem too_many_attempts, invalid_request, and what `attempt` throws */
export async function makeAttempt(
  deps: Deps,
  c: Context<AppEnv>,
  body: z.output<typeof redemptionBody>,
  identity: RequestIdentity,
  attempt: (request: RedeemRequest) => Promise<Answer>,
): Promise<Answer> {
  const guesser = guesserOf(c, guessLimits(deps), body);
  await refuseKnown(deps, guesser, identity.key);
  const answer = await attempt({
    projectId: c.var.auth.projectId,
    idempotencyKey: identity.key,
    requestHash: identity.hash.toString("hex"),
    codes: body.codes,
    customer: body.customer?.identifier ?? null,
    order: { ...toOrderFacts(body.order), id: body.order.id },
    origin: originOf(body.order),
    at: decideAt(c, body.at),
    languages: languagesOf(c),
    guesser,
    source: body.source,
    requestId: c.var.requestId,
  });
  await countGuesses(deps, guesser, unknownCodesOf(answer));
  return answer;
}

export function sendAnswer(c: Context<AppEnv>, answer: Answer): Response {
  return sendText(c, answer.status as ContentfulStatusCode, answer.body, answer.replayed);
}
