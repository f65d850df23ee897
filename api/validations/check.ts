/** What `POST /v1/validations` does with a request, for whoever else asks the same. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { countGuesses, tooManyAttempts } from "../attempts/attempts.ts";
import type { Guesser } from "../attempts/subjects.ts";
import type { Deps } from "../deps.ts";
import type { CodeDecision } from "../domain/decision.ts";
import type { AppEnv } from "../http/environment.ts";
import { languagesOf } from "../http/languages.ts";
import { amount } from "../http/schemas.ts";
import { wireAutomatic, wireCodes, wireOrder } from "../redemptions/answer.ts";
import { automaticWire, codeWire, orderWire, type validationBody } from "../redemptions/schemas.ts";
import { withSegmentAges } from "../redemptions/segment-ages.ts";
import { toOrderFacts } from "./order-schema.ts";
import { type Validation, validate } from "./validate.ts";

export const validationWire = z
  .object({
    id: z.string(),
    valid: z.boolean(),
    discount_amount: amount,
    codes: z.array(codeWire),
    automatic: z.array(automaticWire),
    exhaustive: z.boolean().openapi({
      description: "False when more combinations of automatic campaigns were possible than were tried.",
    }),
    order: orderWire,
    trace: z.array(z.record(z.string(), z.unknown())).optional().openapi({
      description:
        "One entry a code: the rule trees as they were evaluated. A condition on the customer's segments says in `segments` as of when (`evaluated_at`, `age_seconds`) the members of each dynamic one that it names are. Not for publishable keys.",
    }),
  })
  .openapi("Validation");
export type ValidationWire = z.output<typeof validationWire>;

/**
 * @param tx the transaction of an idempotent call: the announcement is a part of it.
 * @throws Problem too_many_attempts
 */
export async function checkCodes(
  deps: Deps,
  c: Context<AppEnv>,
  body: z.output<typeof validationBody>,
  guesser: Guesser,
  tx?: Deps["db"],
): Promise<ValidationWire> {
  const { projectId, scopes, kind } = c.var.auth;
  const request = {
    projectId,
    codes: body.codes,
    customer: body.customer?.identifier ?? null,
    order: toOrderFacts(body.order),
    at: scopes.includes("import") ? (body.at ?? null) : null,
    languages: languagesOf(c),
    guesser,
    source: body.source,
  };
  const decided = await validate(deps, request, tx);
  const unknown = decided.facts.redeemables.filter(({ voucher }) => voucher === null).length;
  const waitSeconds = await countGuesses(deps, guesser, unknown);
  if (waitSeconds !== undefined) throw tooManyAttempts(waitSeconds);
  const traces = [...decided.decision.codes, ...decided.decision.automatic].map((code) => code.trace);
  // Browsers see no trace: nothing is read for theirs.
  return toWire(decided, kind === "publishable" ? traces : await withSegmentAges(tx ?? deps.db, projectId, traces));
}

function toWire({ id, facts, decision }: Validation, traces: readonly CodeDecision["trace"][]): ValidationWire {
  return {
    id,
    valid: decision.valid,
    discount_amount: decision.discountAmount,
    codes: wireCodes(decision) as ValidationWire["codes"],
    automatic: wireAutomatic(decision) as ValidationWire["automatic"],
    exhaustive: decision.exhaustive,
    order: wireOrder(facts, decision) as unknown as ValidationWire["order"],
    trace: traces as unknown as NonNullable<ValidationWire["trace"]>,
  };
}
