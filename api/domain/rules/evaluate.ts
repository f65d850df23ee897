import type { Trace } from "../decision.ts";
import { compiled } from "./compile.ts";
import type { RuleContext } from "./paths.ts";
import type { Rule } from "./rule.ts";

/** A rule over a context gives a trace: the whole tree is evaluated, so that every failed leaf can be reported at once. */
export function evaluate(rule: Rule, context: RuleContext): Trace {
  return compiled(rule).trace(context, context.item);
}
