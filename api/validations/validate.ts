/** Checks codes against a customer and an order, takes nothing, and announces what was asked and concluded. */
import { appendEvents } from "../../ingest/outbox.ts";
import { refuseFor } from "../attempts/attempts.ts";
import type { Guesser } from "../attempts/subjects.ts";
import type { Deps } from "../deps.ts";
import { decide } from "../domain/decide.ts";
import type { Decision } from "../domain/decision.ts";
import type { Facts, OrderFacts } from "../domain/facts.ts";
import { newId } from "../ids.ts";
import { eventCodes, eventOrder, type Source } from "../redemptions/answer.ts";
import { loadFacts } from "../redemptions/load-facts.ts";

export interface ValidationRequest {
  readonly projectId: string;
  readonly codes: readonly string[];
  readonly customer: string | null;
  readonly order: OrderFacts;
  /** RFC 3339; null decides at the database's clock. */
  readonly at: string | null;
  readonly languages: readonly string[];
  /** Who is counted when a code does not exist. */
  readonly guesser: Guesser;
  readonly source: Source;
}

export interface Validation {
  readonly id: string;
  readonly facts: Facts;
  readonly decision: Decision;
}

/**
 * @param db where the announcement is written: the transaction of an idempotent call, else any connection.
 * @throws Problem too_many_attempts
 */
export async function validate(deps: Deps, request: ValidationRequest, db: Deps["db"] = deps.db): Promise<Validation> {
  const { facts, clock, refusedSeconds } = await loadFacts(deps, request);
  await refuseFor(deps, request.projectId, refusedSeconds);
  const decision = decide(facts);
  const id = newId("val");
  await appendEvents(db, [
    {
      event_id: newId("evt"),
      project_id: request.projectId,
      type: "validation.performed",
      version: 1,
      // A question about the future is asked now.
      occurred_at: new Date(Math.min(facts.now, clock)).toISOString(),
      payload: {
        validation_id: id,
        valid: decision.valid,
        customer: request.customer,
        order: eventOrder(facts, decision),
        codes: eventCodes(decision),
        source: request.source,
      },
    },
  ]);
  return { id, facts, decision };
}
