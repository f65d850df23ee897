/** The features of risk by the incremental TypeScript: every event changes the states, and attempts read them before. */

import { createHash } from "node:crypto";
import type { Event } from "../../ingest/events/events.ts";
import { type FeatureSet, rawVector } from "../../models/features/feature.ts";
import type { RiskInput } from "../../models/features/risk.ts";
import { decodeState, encodeState } from "../../models/features/signals/codec.ts";
import type { SubjectKind } from "../../models/features/signals/kinds.ts";
import { isSeenWith, readMeasures } from "../../models/features/signals/read.ts";
import { type Sighting, sightingOf } from "../../models/features/signals/sighting.ts";
import { emptyState, isKept, see } from "../../models/features/signals/state.ts";
import type { Attempt } from "./attempts.ts";

/** @returns the vector of each redemption and rejection, by its id. */
export function replay(set: FeatureSet<RiskInput>, events: readonly Event[]): Map<string, number[]> {
  const owners = new Map<string, string>();
  const attempts: Attempt[] = [];
  for (const event of events) {
    if (event.type === "voucher.published") owners.set(event.payload.voucher_id, event.payload.customer ?? "");
    else attempts.push(event as Attempt);
  }
  const store = new Map<string, string>();
  const vectors = new Map<string, number[]>();
  const moments = new Map<number, Attempt[]>();
  for (const event of attempts) {
    const at = Date.parse(event.occurred_at);
    moments.set(at, [...(moments.get(at) ?? []), event]);
  }
  for (const [at, simultaneous] of moments) {
    // What happens at one moment does not know of each other.
    for (const event of simultaneous) {
      const { payload } = event;
      if ("rollback_id" in payload || !("codes" in payload)) continue;
      const sighting = sightingOf(event, hashed(payload.customer));
      if (sighting === undefined) continue;
      const id = "redemption_id" in payload ? payload.redemption_id : payload.rejection_id;
      vectors.set(id, rawVector(set, inputOf(store, sighting, payload, owners, at)));
    }
    for (const event of simultaneous) apply(store, sightingOf(event, hashed(event.payload.customer)));
  }
  return vectors;
}

function inputOf(
  store: ReadonlyMap<string, string>,
  sighting: Sighting,
  payload: Extract<Attempt, { readonly type: "redemption.succeeded" | "redemption.rejected" }>["payload"],
  owners: ReadonlyMap<string, string>,
  at: number,
): RiskInput {
  const { subjects } = sighting;
  const states = new Map(
    (Object.entries(subjects) as [SubjectKind, string][]).flatMap(([kind, subject]) => {
      const text = store.get(`${kind} ${subject}`);
      return text === undefined ? [] : [[kind, decodeState(text)] as const];
    }),
  );
  const owner = owners.get(subjects.code ?? "");
  return {
    orderAmount: payload.order.amount,
    discountAmount: payload.order.discount_amount,
    linesCount: payload.order.items.length,
    itemsQuantity: payload.order.items.reduce((sum, item) => sum + item.quantity, 0),
    codesCount: payload.codes.filter(({ code }) => code !== "").length,
    hourOfDay: new Date(at).getUTCHours(),
    isGuest: payload.customer === null,
    accountAgeSeconds: payload.customer === null ? null : (payload.signals?.account_age_seconds ?? null),
    isSelfReferral: owner !== undefined && isSeenWith(hashed(owner) ?? "", subjects, states, at),
    known: readMeasures(subjects, states, at),
  };
}

/** The store keeps the first characters of a hash, and not a name that begins like another. */
function hashed(customer: string | null): string | null {
  return customer === null ? null : createHash("sha256").update(customer).digest("base64url");
}

function apply(store: Map<string, string>, sighting: Sighting | undefined): void {
  if (sighting === undefined) return;
  for (const [kind, subject] of Object.entries(sighting.subjects) as [SubjectKind, string][]) {
    if (!isKept(kind)) continue;
    const key = `${kind} ${subject}`;
    const text = store.get(key);
    const state = text === undefined ? emptyState() : decodeState(text);
    see(state, kind, sighting);
    // As the store keeps it: what is read next was written and read back.
    store.set(key, encodeState(state));
  }
}
