/**
 * What is kept of one subject for its measures: compact, of a bounded size, and the same whatever order events come in as
 * long as none is older than all that is kept. Pure.
 */
import type { SubjectKind } from "./kinds.ts";
import {
  type Counted,
  type Counterpart,
  countMost,
  dayMs,
  distinctMost,
  type Measure,
  measures,
  stepMs,
  stepsInWindow,
} from "./measures.ts";
import { networkOf, type Sighting } from "./sighting.ts";

export type MomentsOf = Exclude<Counted, "attempted">;

/** All newest first. */
export interface SubjectState {
  readonly moments: Partial<Record<MomentsOf, number[]>>;
  /** With when each was last seen. */
  readonly counterparts: Partial<Record<Counterpart, [id: string, at: number][]>>;
  /** Of redemptions. */
  readonly days: [day: number, redemptions: number, logAmount: number, logDiscount: number, firsts: number][];
  readonly steps: [step: number, redemptions: number][];
}

/** What a kind's measures take. */
interface Kept {
  readonly moments: readonly MomentsOf[];
  readonly counterparts: readonly Counterpart[];
  readonly days: number;
  readonly steps: boolean;
}

const keptByKind = new Map<SubjectKind, Kept>();

function keptOf(kind: SubjectKind): Kept {
  let kept = keptByKind.get(kind);
  if (kept === undefined) {
    const own = (Object.values(measures) as Measure[]).filter((measure) => measure.kind === kind);
    kept = {
      moments: [...new Set(own.flatMap(momentsOf))],
      counterparts: [...new Set(own.flatMap((measure) => (measure.how === "distinct" ? [measure.of] : [])))],
      days: Math.max(0, ...own.map((measure) => (measure.how === "days" ? measure.days : 0))),
      steps: own.some(({ how }) => how === "steps"),
    };
    keptByKind.set(kind, kept);
  }
  return kept;
}

function momentsOf(measure: Measure): MomentsOf[] {
  if (measure.how === "last") return ["redeemed"];
  if (measure.how !== "count") return [];
  return measure.of === "attempted" ? ["redeemed", "rejected"] : [measure.of];
}

/** Nothing is kept of a kind without measures. */
export function isKept(kind: SubjectKind): boolean {
  const kept = keptOf(kind);
  return kept.moments.length + kept.counterparts.length > 0 || kept.days > 0 || kept.steps;
}

export function emptyState(): SubjectState {
  return { moments: {}, counterparts: {}, days: [], steps: [] };
}

/** Changes the state. */
export function see(state: SubjectState, kind: SubjectKind, sighting: Sighting): void {
  const kept = keptOf(kind);
  const { at, what } = sighting;
  for (const counted of kept.moments) {
    const counts = counted === what || (counted === "unknown" && what === "rejected" && sighting.unknown);
    if (counts) addMoment(momentList(state, counted), at);
  }
  if (what === "undone") return;
  for (const counterpart of kept.counterparts) {
    const id = counterpartOf(sighting, counterpart);
    if (id !== null) addCounterpart(counterpartList(state, counterpart), id, at);
  }
  if (what !== "redeemed") return;
  if (kept.days > 0) addDay(state.days, sighting, kept.days);
  if (kept.steps) addStep(state.steps, Math.floor(at / stepMs));
}

/**
 * Takes a redemption out again, to tell what is known beside it. Of a counterpart only the last time is kept, which may
 * be that of the order that came with it: whose it is is gone with it, though they may have been there before.
 */
export function unsee(state: SubjectState, kind: SubjectKind, sighting: Omit<Sighting, "projectId">): void {
  const { at } = sighting;
  remove(state.moments.redeemed, (moment) => moment === at);
  for (const counterpart of keptOf(kind).counterparts) {
    const own = counterpartOf(sighting, counterpart);
    remove(state.counterparts[counterpart], ([id]) => id === own);
  }
  const today = state.days.find(([day]) => day === Math.floor(at / dayMs));
  if (today !== undefined) {
    today[1] -= 1;
    today[2] -= logThousandths(sighting.amount);
    today[3] -= logThousandths(sighting.discountAmount);
    today[4] -= sighting.isFirst ? 1 : 0;
  }
  remove(state.days, ([, redemptions]) => redemptions <= 0);
  const step = state.steps.find(([each]) => each === Math.floor(at / stepMs));
  if (step !== undefined) step[1] -= 1;
}

function remove<T>(list: T[] | undefined, isIt: (entry: T) => boolean): void {
  const place = list?.findIndex(isIt) ?? -1;
  if (place >= 0) list?.splice(place, 1);
}

function counterpartOf(sighting: Omit<Sighting, "projectId">, counterpart: Counterpart): string | null {
  if (counterpart === "network") return networkOf(sighting.subjects);
  return counterpart === "newcomer" && !sighting.newcomer ? null : sighting.shopper;
}

function momentList(state: SubjectState, counted: MomentsOf): number[] {
  state.moments[counted] ??= [];
  return state.moments[counted];
}

function counterpartList(state: SubjectState, counterpart: Counterpart): [string, number][] {
  state.counterparts[counterpart] ??= [];
  return state.counterparts[counterpart];
}

function addMoment(list: number[], at: number): void {
  list.splice(
    placeOf(list, (moment) => moment <= at),
    0,
    at,
  );
  if (list.length > countMost) list.length = countMost;
}

function addCounterpart(list: [string, number][], id: string, at: number): void {
  const known = list.findIndex(([each]) => each === id);
  if (known >= 0) {
    if ((list[known]?.[1] ?? 0) >= at) return;
    list.splice(known, 1);
  }
  list.splice(
    placeOf(list, ([, seen]) => seen <= at),
    0,
    [id, at],
  );
  if (list.length > distinctMost) list.length = distinctMost;
}

/** In thousandths and whole, so that sums are exact in any order and in any language. */
function logThousandths(amount: number): number {
  return Math.round(1000 * Math.log1p(amount));
}

function addDay(list: SubjectState["days"], { at, amount, discountAmount, isFirst }: Sighting, most: number): void {
  const day = Math.floor(at / dayMs);
  const place = placeOf(list, ([each]) => each <= day);
  if (list[place]?.[0] !== day) list.splice(place, 0, [day, 0, 0, 0, 0]);
  const entry = list[place];
  if (entry === undefined) throw new Error("the day was just put there");
  entry[1] += 1;
  entry[2] += logThousandths(amount);
  entry[3] += logThousandths(discountAmount);
  entry[4] += isFirst ? 1 : 0;
  // A day without redemptions has no entry: so many entries reach back at least so many days.
  if (list.length > most) list.length = most;
}

function addStep(list: SubjectState["steps"], step: number): void {
  const place = placeOf(list, ([each]) => each <= step);
  if (list[place]?.[0] !== step) list.splice(place, 0, [step, 0]);
  const entry = list[place];
  if (entry !== undefined) entry[1] += 1;
  if (list.length > stepsInWindow) list.length = stepsInWindow;
}

/** Of the first that holds, or the end. */
function placeOf<T>(list: readonly T[], holds: (entry: T) => boolean): number {
  const place = list.findIndex(holds);
  return place < 0 ? list.length : place;
}

/** @returns whether anybody of that name was there. */
export function forgetCounterpart(state: SubjectState, id: string): boolean {
  let found = false;
  for (const list of Object.values(state.counterparts)) {
    const place = list.findIndex(([each]) => each === id);
    if (place < 0) continue;
    list.splice(place, 1);
    found = true;
  }
  return found;
}
