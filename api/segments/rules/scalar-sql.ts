/** Attributes and metadata: of which type a value is, each row says for itself. Values of another type are unequal and unordered. */
import type { Operand, Operator } from "../../domain/rules/rule.ts";
import type { Binder } from "./binder.ts";
import { never, text } from "./leaf-sql.ts";

/** The value under the key, looked at as each type; each is asked for when it is needed. */
export interface ScalarColumns {
  readonly type: () => string;
  readonly text: () => string;
  readonly number: () => string;
  readonly boolean: () => string;
  readonly list: () => string;
}

export function scalar(op: Operator, operand: Operand, columns: ScalarColumns, binder: Binder): string {
  switch (op) {
    case "equals":
      return equal(operand, columns, binder);
    case "not_equals":
      return `NOT ${equal(operand, columns, binder)}`;
    case "any_of":
      return among(operand, columns, binder);
    case "none_of":
      return `NOT ${among(operand, columns, binder)}`;
    case "all_of":
      return includesAll(operand, columns, binder);
    case "exists":
      return `(${present(columns)}) = ${binder.boolean(operand === true)}`;
    case "starts_with":
    case "ends_with":
    case "matches":
      return `(${isText(columns)} AND ${text(op, operand, { binder, value: columns.text() })})`;
    case "between": {
      const [from, to]: readonly unknown[] = Array.isArray(operand) ? operand : [];
      const value = columns.number();
      return `(${isNumber(columns)} AND ${value} >= ${binder.decimal(Number(from))} AND ${value} <= ${binder.decimal(Number(to))})`;
    }
    case "multiple_of": {
      const value = columns.number();
      const divides = `${value} > 0 AND ${value} <= 9007199254740991 AND ${value} % ${binder.integer(Number(operand))} = 0`;
      return `(${isNumber(columns)} AND ${divides})`;
    }
    default: {
      const comparison = { greater_than: ">", greater_or_equal: ">=", less_than: "<", less_or_equal: "<=" } as const;
      if (!(op in comparison)) throw never(op);
      const sign = comparison[op as keyof typeof comparison];
      return `(${isNumber(columns)} AND ${columns.number()} ${sign} ${binder.decimal(Number(operand))})`;
    }
  }
}

const isText = ({ type }: ScalarColumns) => `${type()} = 'String'`;
const isNumber = ({ type }: ScalarColumns) => `${type()} IN ('Int64', 'UInt64', 'Double')`;
/** An empty list is none. */
const present = ({ type, list }: ScalarColumns) =>
  `${type()} != 'Null' AND (${type()} != 'Array' OR notEmpty(${list()}))`;

function equal(operand: Operand, columns: ScalarColumns, binder: Binder): string {
  if (typeof operand === "string") return `(${isText(columns)} AND ${columns.text()} = ${binder.text(operand)})`;
  if (typeof operand === "number") return `(${isNumber(columns)} AND ${columns.number()} = ${binder.decimal(operand)})`;
  return `(${columns.type()} = 'Bool' AND ${columns.boolean()} = ${binder.boolean(operand === true)})`;
}

function among(operand: Operand, columns: ScalarColumns, binder: Binder): string {
  const wanted: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (typeof wanted[0] === "number") {
    return `(${isNumber(columns)} AND has(${binder.decimals(wanted.map(Number))}, ${columns.number()}))`;
  }
  const texts = binder.texts(wanted.map(String));
  return `((${isText(columns)} AND has(${texts}, ${columns.text()}))
    OR (${columns.type()} = 'Array' AND hasAny(${columns.list()}, ${texts})))`;
}

/** A single value is a list of one. */
function includesAll(operand: Operand, columns: ScalarColumns, binder: Binder): string {
  const wanted: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (typeof wanted[0] === "number") {
    return `(${isNumber(columns)} AND hasAll([${columns.number()}], ${binder.decimals(wanted.map(Number))}))`;
  }
  const texts = binder.texts(wanted.map(String));
  return `((${isText(columns)} AND hasAll([${columns.text()}], ${texts}))
    OR (${columns.type()} = 'Array' AND notEmpty(${columns.list()}) AND hasAll(${columns.list()}, ${texts})))`;
}
