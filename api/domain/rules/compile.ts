/**
 * A rule made ready: paths looked up, operands prepared, patterns and lists built, once for as long as the rule lives.
 * Rules are never changed in place; a new version is a new object.
 */
import type { Trace } from "../decision.ts";
import type { OrderItem } from "../facts.ts";
import type { FactValue } from "../reason.ts";
import { formatInstant } from "../time.ts";
import { gapOf } from "./gap.ts";
import { groupOf, type RuleGroup } from "./group.ts";
import { addendOf, linesLookedAt, quantifierMet } from "./lines.ts";
import { operators } from "./operators/table.ts";
import { findPath, type PathType, type RuleContext } from "./paths.ts";
import type { ItemsRule, Leaf, Rule, SumRule } from "./rule.ts";
import { sumTypes } from "./sums.ts";

export interface Compiled {
  /** Stops as soon as the answer is known. */
  readonly isMet: (context: RuleContext, item: OrderItem | null) => boolean;
  /** Looks at everything. Always of the same opinion as `isMet`. */
  readonly trace: (context: RuleContext, item: OrderItem | null) => Trace;
}

/** A trace shows at most so many lines of a rule about items; all of them are evaluated and counted. */
const tracedLinesMax = 20;

const known = new WeakMap<Rule, Compiled>();

export function compiled(rule: Rule): Compiled {
  let ready = known.get(rule);
  if (ready === undefined) {
    ready = compile(rule);
    known.set(rule, ready);
  }
  return ready;
}

function compile(rule: Rule): Compiled {
  const group = groupOf(rule);
  if (group !== null) return compileGroup(group);
  if (!("where" in rule)) return compileLeaf(rule as Leaf);
  return "which" in rule ? compileItems(rule) : compileSum(rule);
}

/** An empty `all` or `none` is met, an empty `any` is not. */
function compileGroup({ op, children }: RuleGroup): Compiled {
  const parts = children.map(compile);
  // One child that is as `decisive` settles the group, as `settled`; otherwise it is the opposite.
  const decisive = op !== "all";
  const settled = op === "any";
  return {
    isMet: (context, item) => {
      for (const part of parts) if (part.isMet(context, item) === decisive) return settled;
      return !settled;
    },
    trace: (context, item) => {
      const traces = parts.map((part) => part.trace(context, item));
      const met = traces.some((trace) => trace.met === decisive) ? settled : !settled;
      return { op, met, children: traces };
    },
  };
}

function compileLeaf(leaf: Leaf): Compiled {
  const { op, on, value: expected } = leaf;
  const more = {
    ...(leaf.name === undefined ? {} : { name: leaf.name }),
    ...(leaf.window_days === undefined ? {} : { window_days: leaf.window_days }),
  };
  const isPlain = leaf.name === undefined && leaf.window_days === undefined;
  const found = findPath(on);
  // A path this version does not know is never met, whatever the operator makes of absence.
  if (found === null) {
    return { isMet: () => false, trace: () => ({ op, on, met: false, expected, actual: null, ...more }) };
  }
  const { type } = found.definition;
  const read = found.definition.bind(found.key, leaf);
  const test = operators[op](expected, type);
  return {
    isMet: (context, item) => test(read(context, item) ?? null, context.localDate),
    trace: (context, item) => {
      const seen = read(context, item) ?? null;
      const met = test(seen, context.localDate);
      const actual = shown(seen, type);
      const gap = met ? undefined : gapOf(op, expected, seen, type);
      // Spreading, even nothing, costs more than all the rest of a leaf.
      if (isPlain && gap === undefined) return { op, on, met, expected, actual };
      return gap === undefined
        ? { op, on, met, expected, actual, ...more }
        : { op, on, met, expected, actual, gap, ...more };
    },
  };
}

/** Writing an instant costs more than all the rest of a leaf, and hundreds of rules look at the same `now`. */
let written = { at: 0, text: formatInstant(0) };

/** As traces and reasons show it. Of a birthday they do not keep the year. */
function shown(seen: FactValue, type: PathType): FactValue {
  if (type === "instant" && typeof seen === "number") {
    if (written.at !== seen) written = { at: seen, text: formatInstant(seen) };
    return written.text;
  }
  return type === "birthday" && typeof seen === "string" ? seen.slice(5) : seen;
}

function compileItems({ which, where }: ItemsRule): Compiled {
  const part = compile(where);
  return {
    isMet: (context) => {
      const lines = linesLookedAt(which, context.order.items);
      // A line that is as `decisive` settles it: a match for `any` and `none`, a miss for the others.
      const decisive = which === "any" || which === "none";
      for (const line of lines) if (part.isMet(context, line) === decisive) return which === "any";
      return quantifierMet(which, decisive ? 0 : lines.length, lines.length);
    },
    trace: (context) => {
      const lines = linesLookedAt(which, context.order.items);
      const { matched, children } = traceLines(part, lines, context);
      return {
        op: "items",
        which,
        met: quantifierMet(which, matched.length, lines.length),
        matched: matched.length,
        children,
      };
    },
  };
}

function compileSum({ on, where, op, value: expected }: SumRule): Compiled {
  const part = compile(where);
  const test = operators[op](expected, sumTypes[on]);
  return {
    isMet: (context) => {
      const lines = context.order.items.filter((line) => part.isMet(context, line));
      return test(sumOf(on, lines), context.localDate);
    },
    trace: (context) => {
      const { matched, children } = traceLines(part, context.order.items, context);
      const actual = sumOf(on, matched);
      const met = test(actual, context.localDate);
      const gap = met ? undefined : gapOf(op, expected, actual, sumTypes[on]);
      const trace = { op: "sum", on, how: op, met, matched: matched.length, expected, actual, children } as const;
      return gap === undefined ? trace : { ...trace, gap };
    },
  };
}

function traceLines(part: Compiled, lines: readonly OrderItem[], context: RuleContext) {
  const matched: OrderItem[] = [];
  const children: Trace[] = [];
  for (const line of lines) {
    const seen = part.trace(context, line);
    if (seen.met) matched.push(line);
    if (children.length < tracedLinesMax) children.push(seen);
  }
  return { matched, children };
}

/** Null when a line does not say what it weighs: then nobody knows the sum. The sum of no lines is 0. */
function sumOf(on: SumRule["on"], lines: readonly OrderItem[]): number | null {
  let sum = 0;
  for (const line of lines) {
    const addend = addendOf(on, line);
    if (addend === null) return null;
    sum += addend;
  }
  return sum;
}
