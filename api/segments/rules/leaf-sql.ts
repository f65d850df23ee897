/**
 * What the operators of `domain/rules/operators` mean, in SQL. A condition is 0 or 1 and never null: an absent fact
 * (null, an empty text or list) meets nothing but `not_equals`, `none_of` and `exists: false`.
 */
import { epochDay } from "../../domain/rules/calendar.ts";
import { isBirthdayWindow } from "../../domain/rules/operand-kinds.ts";
import type { Operand, Operator } from "../../domain/rules/rule.ts";
import { parseInstant } from "../../domain/time.ts";
import type { Binder } from "./binder.ts";

/** A fact of one customer, as columns that were made ready. */
export interface Value {
  readonly binder: Binder;
  /** The value; of a scalar its text. */
  readonly value: string;
}

type Condition = (op: Operator, operand: Operand, value: Value) => string;

const comparisons: Readonly<Partial<Record<Operator, string>>> = {
  greater_than: ">",
  greater_or_equal: ">=",
  less_than: "<",
  less_or_equal: "<=",
};

export function never(op: Operator): Error {
  return new Error(`a stored rule asks ${op} of a fact that has no such operator`);
}

const not = (condition: string) => `NOT (${condition})`;
const sure = (condition: string) => `ifNull(${condition}, 0)`;

/** @param bind how one operand is bound, and how a list of them. */
function ordered(
  bind: { readonly one: (operand: unknown) => string; readonly many: (operands: readonly unknown[]) => string },
  endIncluded = true,
): Condition {
  return (op, operand, { value, binder }) => {
    const list: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
    switch (op) {
      case "equals":
        return sure(`${value} = ${bind.one(operand)}`);
      case "not_equals":
        return not(sure(`${value} = ${bind.one(operand)}`));
      case "any_of":
        return sure(`has(${bind.many(list)}, ${value})`);
      case "none_of":
        return not(sure(`has(${bind.many(list)}, ${value})`));
      case "between":
        return sure(`${value} >= ${bind.one(list[0])} AND ${value} ${endIncluded ? "<=" : "<"} ${bind.one(list[1])}`);
      case "multiple_of":
        return sure(`${value} > 0 AND ${value} % ${bind.one(operand)} = 0`);
      case "exists":
        return `isNotNull(${value}) = ${binder.boolean(operand === true)}`;
      default: {
        const comparison = comparisons[op];
        if (comparison === undefined) throw never(op);
        return sure(`${value} ${comparison} ${bind.one(operand)}`);
      }
    }
  };
}

export const whole: Condition = (op, operand, value) =>
  ordered({
    one: (one) => value.binder.integer(Number(one)),
    many: (many) => value.binder.integers(many.map(Number)),
  })(op, operand, value);

export const decimal: Condition = (op, operand, value) =>
  ordered({
    one: (one) => value.binder.decimal(Number(one)),
    many: (many) => value.binder.decimals(many.map(Number)),
  })(op, operand, value);

/** Epoch ms; like every window of time without its end. */
export const instant: Condition = (op, operand, value) =>
  ordered(
    {
      one: (one) => value.binder.integer(parseInstant(String(one)) ?? 0),
      many: (many) => value.binder.integers(many.map((one) => parseInstant(String(one)) ?? 0)),
    },
    false,
  )(op, operand, value);

/** Texts beyond this are not looked at by `matches`, here as elsewhere. */
const searchedMax = 1_000;

export const text: Condition = (op, operand, { value, binder }) => {
  const list = Array.isArray(operand) ? operand.map(String) : [String(operand)];
  switch (op) {
    case "equals":
      return `${value} = ${binder.text(String(operand))}`;
    case "not_equals":
      return not(`${value} = ${binder.text(String(operand))}`);
    case "any_of":
      return `has(${binder.texts(list)}, ${value})`;
    case "none_of":
      return not(`has(${binder.texts(list)}, ${value})`);
    case "starts_with":
      return `startsWith(${value}, ${binder.text(String(operand))})`;
    case "ends_with":
      return `endsWith(${value}, ${binder.text(String(operand))})`;
    case "matches":
      // RE2 by its own defaults: here a dot would match the end of a line too.
      return `(${value} != '' AND lengthUTF8(${value}) <= ${searchedMax} AND match(${value}, ${binder.text(`(?-s)${String(operand)}`)}))`;
    case "exists":
      return `(${value} != '') = ${binder.boolean(operand === true)}`;
    default:
      throw never(op);
  }
};

export const list: Condition = (op, operand, { value, binder }) => {
  const wanted = Array.isArray(operand) ? operand.map(String) : [String(operand)];
  switch (op) {
    case "any_of":
      return `hasAny(${value}, ${binder.texts(wanted)})`;
    case "none_of":
      return not(`hasAny(${value}, ${binder.texts(wanted)})`);
    case "all_of":
      return `(notEmpty(${value}) AND hasAll(${value}, ${binder.texts(wanted)}))`;
    case "exists":
      return `notEmpty(${value}) = ${binder.boolean(operand === true)}`;
    default:
      throw never(op);
  }
};

export const boolean: Condition = (op, operand, { value, binder }) => {
  switch (op) {
    case "equals":
      return sure(`${value} = ${binder.boolean(operand === true)}`);
    case "not_equals":
      return not(sure(`${value} = ${binder.boolean(operand === true)}`));
    case "exists":
      return `isNotNull(${value}) = ${binder.boolean(operand === true)}`;
    default:
      throw never(op);
  }
};

/** As `domain/rules/birthday.ts` has it: on 28 February in years without a 29th, also across the turn of the year. */
export function birthday(op: Operator, operand: Operand, { value, binder }: Value, today: string): string {
  if (op === "exists") return `(${value} != '') = ${binder.boolean(operand === true)}`;
  if (op !== "within" || !isBirthdayWindow(operand)) throw never(op);
  const year = Number(today.slice(0, 4));
  const day = binder.integer(epochDay(today) ?? 0);
  const month = `toUInt8OrZero(substring(${value}, 6, 2))`;
  const dayOfMonth = `least(toUInt8OrZero(substring(${value}, 9, 2)), toDayOfMonth(toLastDayOfMonth(makeDate32(y, ${month}, 1))))`;
  const celebrated = `toInt64(toInt32(makeDate32(y, ${month}, ${dayOfMonth})))`;
  return `(${value} != '' AND arrayExists(y -> ${day} >= ${celebrated} - ${binder.integer(operand.days_before)}
    AND ${day} <= ${celebrated} + ${binder.integer(operand.days_after)}, ${binder.integers([year - 1, year, year + 1])}))`;
}
