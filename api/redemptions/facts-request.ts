/** What a decision is asked about. */
import type { Guesser } from "../attempts/subjects.ts";
import type { OrderFacts } from "../domain/facts.ts";
import type { Origin } from "../signals/subjects.ts";
import type { Pair } from "./definitions.ts";

export interface FactsRequest {
  readonly projectId: string;
  /** As typed by the shopper, in the order given. */
  readonly codes: readonly string[];
  readonly customer: string | null;
  readonly order: OrderFacts;
  /** RFC 3339; null decides at the database's clock. */
  readonly at: string | null;
  /** What the shopper reads, best first. */
  readonly languages?: readonly string[];
  /** Who is counted when a code does not exist. */
  readonly guesser?: Guesser;
  /** Where it comes from, as the shop says; absent where nobody scores. */
  readonly origin?: Origin;
  /** Automatic campaigns whose rules are not met are loaded too, for those who ask what is missing. */
  readonly withNearMisses?: boolean;
  /** Counted like an automatic campaign that runs, whatever it is: for trials. It comes last. */
  readonly tried?: Pair;
}
