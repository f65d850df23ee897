/** What a step that acts is told, and what it answers. */
import type { Settings } from "./definition.ts";
import type { Customer } from "./facts.ts";
import type { Detail, RunRow } from "./runs.ts";

export type ActionOutcome =
  | { readonly outcome: "done"; readonly detail: Detail }
  /** It is right that nothing happened, and the run goes on. */
  | { readonly outcome: "withheld"; readonly reason: string; readonly detail?: Detail }
  | { readonly outcome: "later"; readonly until: Date; readonly reason: string };

export interface ActionContext {
  readonly run: RunRow;
  readonly settings: Settings;
  /** Whom the step is for: the customer of the run, or the referrer. */
  readonly person: Customer;
  readonly at: Date;
}
