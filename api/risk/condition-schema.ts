/**
 * Conditions on the wire and in storage. A tree is read branch by branch, by the keys a node has: a union that fails only
 * says that nothing fitted, and the caller needs the pointer of the leaf that is wrong.
 */
import { z } from "@hono/zod-openapi";
import { riskFeatures } from "../../models/features/risk.ts";
import {
  type Comparison,
  type Condition,
  comparisons,
  depthMax,
  factPaths,
  groupOf,
  isFactPath,
  type Leaf,
  leavesMax,
  valuesMax,
} from "./condition.ts";
import { conditionComponent } from "./condition-component.ts";

const operand = z.union(
  [
    z.number(),
    z.string().min(1).max(200),
    z.array(z.number()).min(1).max(valuesMax),
    z.array(z.string().min(1).max(200)).min(1).max(valuesMax),
  ],
  { error: `Expected a number, a text of 1 to 200 characters, or a list of 1 to ${valuesMax} of one of them` },
);

const leaf = z.strictObject({ on: z.string().min(1).max(100), op: z.enum(comparisons), value: operand });
const node: z.ZodType<Condition> = z.unknown().transform(parseNode);
const children = z
  .array(z.lazy(() => node))
  .min(1)
  .max(leavesMax);
const groups = {
  all: z.strictObject({ all: children }),
  any: z.strictObject({ any: children }),
  none: z.strictObject({ none: children }),
} as const;

function parseNode(value: unknown, context: z.RefinementCtx): Condition {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    context.addIssue({ code: "custom", message: "must be a condition object" });
    return z.NEVER;
  }
  const branch: z.ZodType =
    "all" in value ? groups.all : "any" in value ? groups.any : "none" in value ? groups.none : leaf;
  const parsed = branch.safeParse(value);
  if (parsed.success) return parsed.data as Condition;
  for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: value } as never);
  return z.NEVER;
}

/** The shape alone: a stored rule may ask for a feature that a later version does not know any more. */
export const conditionShape: z.ZodType<Condition> = z
  .unknown()
  .transform((value, context): Condition => {
    // Before anything recurses: what is nested deep enough would exhaust the stack.
    const fault = tooLarge(value);
    if (fault === null) return parseNode(value, context);
    context.addIssue({ code: "custom", message: fault });
    return z.NEVER;
  })
  .openapi("RiskCondition", conditionComponent as never);

/** What somebody sends: its shape, and what its paths, operators and values mean together. */
export const conditionSchema: z.ZodType<Condition> = conditionShape.superRefine((condition, context) => {
  for (const { path, message } of faultsOf(condition, [])) context.addIssue({ code: "custom", path, message });
});

/** @throws ZodError when what is stored is no condition: data written around the API. */
export function parseStoredCondition(stored: unknown): Condition {
  return conditionShape.parse(stored);
}

const featureNames: ReadonlySet<string> = new Set(riskFeatures.features.map(({ name }) => name));

interface PathFault {
  readonly path: (string | number)[];
  readonly message: string;
}

function faultsOf(condition: Condition, path: (string | number)[]): PathFault[] {
  const group = groupOf(condition);
  if (group === null) return leafFaults(condition as Leaf, path);
  return group.children.flatMap((child, index) => faultsOf(child, [...path, group.op, index]));
}

function leafFaults({ on, op, value }: Leaf, path: (string | number)[]): PathFault[] {
  const isFact = isFactPath(on);
  if (!isFact && !featureNames.has(on)) {
    const known = "GET /v1/risk/features lists what can be asked";
    return [{ path: [...path, "on"], message: `unknown feature "${on}"; ${known}` }];
  }
  const kind = isFact ? factPaths[on] : "number";
  const allowed = kind === "texts" ? textComparisons : comparisons;
  if (!allowed.includes(op)) {
    return [{ path: [...path, "op"], message: `${on} can be asked with ${allowed.join(", ")}` }];
  }
  const expected = expectation(kind, op, value);
  return expected === null ? [] : [{ path: [...path, "value"], message: expected }];
}

const textComparisons: readonly Comparison[] = ["equals", "not_equals", "any_of", "none_of"];

function expectation(kind: "texts" | "number", op: Comparison, value: Leaf["value"]): string | null {
  const type = kind === "texts" ? "string" : "number";
  const noun = kind === "texts" ? "text" : "number";
  if (op === "any_of" || op === "none_of") {
    const fits = Array.isArray(value) && value.every((one) => typeof one === type);
    return fits ? null : `${op} needs a list of ${noun}s`;
  }
  if (op === "between") {
    const fits = Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === "number");
    return fits && Number(value[0]) <= Number(value[1]) ? null : "between needs two numbers, the smaller first";
  }
  return typeof value === type ? null : `${op} needs a ${noun}`;
}

/** Does not recurse. */
function tooLarge(value: unknown): string | null {
  const waiting: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 1 }];
  let leaves = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.depth > depthMax) return `a condition is at most ${depthMax} levels deep`;
    const inner = childrenOf(next.value);
    if (inner === null) leaves += 1;
    if (leaves + waiting.length + (inner?.length ?? 0) > leavesMax) {
      return `a condition has at most ${leavesMax} leaves`;
    }
    for (const child of inner ?? []) waiting.push({ value: child, depth: next.depth + 1 });
  }
  return null;
}

function childrenOf(value: unknown): readonly unknown[] | null {
  if (typeof value !== "object" || value === null) return null;
  for (const key of ["all", "any", "none"] as const) {
    const inner = key in value ? (value as Record<string, unknown>)[key] : undefined;
    if (Array.isArray(inner)) return inner;
  }
  return null;
}
