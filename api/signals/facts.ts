/** What the online store knows of an attempt, beside what the attempt says itself. */
import type { SignalsPart } from "../../ingest/events/parts.ts";
import { nothingKnown, type Readings } from "../../models/features/signals/measures.ts";

export interface SignalFacts {
  readonly known: Readings;
  /** Null for a guest. */
  readonly accountAgeSeconds: number | null;
  readonly isSelfReferral: boolean;
  /** What events say of it; undefined where there is nothing to say. */
  readonly announced: SignalsPart | undefined;
}

/** Of a question that nobody scores, and of history. */
export const noSignals: SignalFacts = {
  known: nothingKnown,
  accountAgeSeconds: null,
  isSelfReferral: false,
  announced: undefined,
};
