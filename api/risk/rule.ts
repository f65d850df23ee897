/** A rule as an operator writes it, or as it ships. */
import type { Condition } from "./condition.ts";

export const ruleStatuses = ["draft", "shadow", "enabled", "disabled"] as const;
export type RuleStatus = (typeof ruleStatuses)[number];

export interface RuleDefinition {
  readonly id: string;
  readonly name: string;
  readonly status: RuleStatus;
  readonly when: Condition;
  /** What it adds to the score when it fires, 0 to 0.99. */
  readonly weight: number;
  /** What its firing asks for at least. */
  readonly floor: "flag" | null;
}
