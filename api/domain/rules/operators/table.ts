import type { Operator } from "../rule.ts";
import { allOf } from "./all-of.ts";
import { anyOf } from "./any-of.ts";
import { between } from "./between.ts";
import { endsWith } from "./ends-with.ts";
import { equals } from "./equals.ts";
import { exists } from "./exists.ts";
import { greaterOrEqual } from "./greater-or-equal.ts";
import { greaterThan } from "./greater-than.ts";
import { lessOrEqual } from "./less-or-equal.ts";
import { lessThan } from "./less-than.ts";
import { matches } from "./matches.ts";
import { multipleOf } from "./multiple-of.ts";
import { noneOf } from "./none-of.ts";
import { notEquals } from "./not-equals.ts";
import type { Operate } from "./operand.ts";
import { startsWith } from "./starts-with.ts";
import { within } from "./within.ts";

export const operators: Readonly<Record<Operator, Operate>> = {
  equals,
  not_equals: notEquals,
  greater_than: greaterThan,
  greater_or_equal: greaterOrEqual,
  less_than: lessThan,
  less_or_equal: lessOrEqual,
  between,
  any_of: anyOf,
  none_of: noneOf,
  all_of: allOf,
  starts_with: startsWith,
  ends_with: endsWith,
  matches,
  multiple_of: multipleOf,
  within,
  exists,
};
