import type { Trace } from "../decision.ts";
import type { Reason } from "../reason.ts";
import { evaluate } from "../rules/evaluate.ts";
import { explain } from "../rules/explain.ts";
import type { RuleContext } from "../rules/paths.ts";
import type { Reward } from "./reward.ts";

/** The rewards' own conditions: what was seen, and why those that do not hold failed. */
export class Conditions {
  readonly trace: Record<string, Trace> = {};
  readonly unmet: Reason[] = [];
  readonly #context: RuleContext;

  constructor(context: RuleContext) {
    this.#context = context;
  }

  /** `name` is the reward's place: "reward/0". */
  hold(reward: Reward, name: string): boolean {
    if (reward.when === undefined) return true;
    const { order, customer, languages } = this.#context;
    const seen = evaluate(reward.when, this.#context);
    this.trace[name] = seen;
    const about = { currency: order.currency, hasCustomer: customer !== null, languages };
    if (!seen.met) this.unmet.push(...explain(reward.when, seen, `${name}.when`, about));
    return seen.met;
  }
}
