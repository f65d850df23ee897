/** States as text: JSON with one letter a list, and the distance to the entry before instead of each moment. */
import { z } from "zod";
import type { Counterpart } from "./measures.ts";
import { emptyState, type MomentsOf, type SubjectState } from "./state.ts";

const momentLetters = {
  redeemed: "r",
  rejected: "j",
  unknown: "u",
  undone: "b",
  ordered: "o",
} as const satisfies Record<MomentsOf, string>;
const counterpartLetters = { shopper: "p", newcomer: "n", network: "w" } as const satisfies Record<Counterpart, string>;

type Stored = Record<string, (number | string)[]>;

const storedSchema = z.record(z.string(), z.array(z.union([z.number(), z.string()])));

export function encodeState(state: SubjectState): string {
  const stored: Stored = {};
  for (const [counted, letter] of Object.entries(momentLetters)) {
    const list = state.moments[counted as MomentsOf];
    if (list !== undefined && list.length > 0) stored[letter] = list.map((at, place) => gap(list[place - 1], at));
  }
  for (const [counterpart, letter] of Object.entries(counterpartLetters)) {
    const list = state.counterparts[counterpart as Counterpart];
    if (list === undefined || list.length === 0) continue;
    stored[letter] = list.flatMap(([id, at], place) => [id, gap(list[place - 1]?.[1], at)]);
  }
  if (state.days.length > 0) stored.d = state.days.flat();
  if (state.steps.length > 0) stored.m = state.steps.flat();
  return JSON.stringify(stored);
}

/** The first as it is, then how much less each is than the one before. */
function gap(before: number | undefined, at: number): number {
  return before === undefined ? at : before - at;
}

/** @throws Error when it is none. */
export function decodeState(text: string): SubjectState {
  return restoreState(storedSchema.parse(JSON.parse(text)));
}

/** Undefined when it is none. */
export function tryDecodeState(text: string): SubjectState | undefined {
  try {
    return decodeState(text);
  } catch {
    return undefined;
  }
}

/** As `decodeState`, of what was parsed already and is trusted: each request reads up to ten. */
export function restoreState(stored: Readonly<Stored>): SubjectState {
  const state = emptyState();
  for (const [counted, letter] of Object.entries(momentLetters)) {
    const list = stored[letter];
    if (list === undefined) continue;
    let at = 0;
    state.moments[counted as MomentsOf] = list.map((value, place) => {
      at = place === 0 ? Number(value) : at - Number(value);
      return at;
    });
  }
  for (const [counterpart, letter] of Object.entries(counterpartLetters)) {
    const list = stored[letter];
    if (list === undefined) continue;
    const entries: [string, number][] = [];
    for (let place = 0; place < list.length; place += 2) {
      const value = Number(list[place + 1]);
      entries.push([String(list[place]), place === 0 ? value : (entries.at(-1)?.[1] ?? 0) - value]);
    }
    state.counterparts[counterpart as Counterpart] = entries;
  }
  const days = (stored.d ?? []).map(Number);
  for (let at = 0; at < days.length; at += 5) {
    const [day = 0, redemptions = 0, logAmount = 0, logDiscount = 0, firsts = 0] = days.slice(at, at + 5);
    state.days.push([day, redemptions, logAmount, logDiscount, firsts]);
  }
  const steps = (stored.m ?? []).map(Number);
  for (let at = 0; at < steps.length; at += 2) state.steps.push([steps[at] ?? 0, steps[at + 1] ?? 0]);
  return state;
}
