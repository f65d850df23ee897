/** Reads the measures of an attempt out of the states of its subjects: pure, a few microseconds. */
import type { SubjectKind, Subjects } from "./kinds.ts";
import {
  countMost,
  type DaySum,
  dayMs,
  distinctMost,
  keptDays,
  type Measure,
  type MeasureName,
  measureNames,
  measures,
  type Readings,
  stepMs,
  stepsInWindow,
} from "./measures.ts";
import { shopperOf } from "./sighting.ts";
import type { SubjectState } from "./state.ts";

export type States = ReadonlyMap<SubjectKind, SubjectState>;

/** Of strictly before `at`. A subject without a state was never seen. */
export function readMeasures(subjects: Subjects, states: States, at: number): Readings {
  const readings = {} as Record<MeasureName, number | null>;
  for (const name of measureNames) {
    const measure = measures[name];
    readings[name] = subjects[measure.kind] === undefined ? null : readMeasure(measure, states.get(measure.kind), at);
  }
  return readings;
}

function readMeasure(measure: Measure, state: SubjectState | undefined, at: number): number | null {
  switch (measure.how) {
    case "count": {
      if (state === undefined) return 0;
      const { moments } = state;
      const from = at - measure.windowMs;
      if (measure.of !== "attempted") return Math.min(countMost, within(moments[measure.of], from, at));
      return Math.min(countMost, within(moments.redeemed, from, at) + within(moments.rejected, from, at));
    }
    case "distinct": {
      const list = state?.counterparts[measure.of] ?? [];
      const from = at - measure.windowMs;
      let found = 0;
      for (const [, seen] of list) if (seen >= from && seen < at) found += 1;
      return Math.min(distinctMost, found);
    }
    case "days":
      return state === undefined ? 0 : sumDays(state, measure.sum, Math.floor(at / dayMs), measure.days);
    case "steps": {
      const step = Math.floor(at / stepMs);
      let sum = 0;
      for (const [each, count] of state?.steps ?? []) if (each <= step && each > step - stepsInWindow) sum += count;
      return sum;
    }
    case "last": {
      const last = state?.moments.redeemed?.find((moment) => moment < at);
      return last === undefined || at - last > keptDays * dayMs ? null : (at - last) / 1000;
    }
  }
}

/** Newest first, so that it may stop early. */
function within(moments: readonly number[] | undefined, from: number, before: number): number {
  let found = 0;
  for (const moment of moments ?? []) {
    if (moment < from) break;
    if (moment < before) found += 1;
  }
  return found;
}

/** Null: what is counted is the day itself. */
const placeInDay = {
  redemptions: 1,
  log_amount: 2,
  log_discount: 3,
  firsts: 4,
  active_days: null,
} as const satisfies Record<DaySum, number | null>;

function sumDays({ days }: SubjectState, sum: DaySum, today: number, most: number): number {
  let total = 0;
  const place = placeInDay[sum];
  for (const entry of days) {
    const [day] = entry;
    if (day > today || day <= today - most) continue;
    total += place === null ? 1 : entry[place];
  }
  return total;
}

/** What a customer may share with whoever referred them. */
export const sharedKinds = ["device", "card", "address"] as const;

/**
 * Whether the owner of a referral code was seen with a thing of the attempt in the last 90 days. A thing that so many
 * were seen with that not all are known (the tablet of a shop) says nothing.
 */
export function isSeenWith(owner: string, subjects: Subjects, states: States, at: number): boolean {
  const id = shopperOf({ customer: owner });
  const from = at - keptDays * dayMs;
  return sharedKinds.some((kind) => {
    if (subjects[kind] === undefined) return false;
    const seen = (states.get(kind)?.counterparts.shopper ?? []).filter(([, when]) => when >= from && when < at);
    return seen.length < distinctMost && seen.some(([each]) => each === id);
  });
}
