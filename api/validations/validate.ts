/** Checks codes against a customer and an order, takes nothing, and announces what was asked and concluded. */
import type { Event } from "../../ingest/events/events.ts";
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
import { announceValidation } from "./announce.ts";

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
 * @param tx the transaction of an idempotent call: the announcement is a part of it.
 * @throws Problem too_many_attempts
 */
export async function validate(deps: Deps, request: ValidationRequest, tx?: Deps["db"]): Promise<Validation> {
  const { facts, clock, refusedSeconds } = await loadFacts(deps, request);
  await refuseFor(deps, request.projectId, refusedSeconds);
  const decision = decide(facts);
  const id = newId("val");
  const event: Event = {
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
  };
  await (tx === undefined ? announceValidation(deps.db, event) : appendEvents(tx, [event]));
  return { id, facts, decision };
}
