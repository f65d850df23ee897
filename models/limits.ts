/**
 * How long scoring may take. Nothing can stop a function that computes, so a model that is slow is found out and put
 * aside: several slow scores on end, and it rests while the fallback serves; then it is tried again.
 */
import type { ServingLog } from "./champions.ts";
import type { Loaded } from "./loaded.ts";

export interface Limits {
  /** For one redemption; it takes some hundredths of that. */
  readonly riskMs: number;
  /** For all offers of one request; looked at between small groups of them. */
  readonly offersMs: number;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
}

export const defaultLimits: Limits = { riskMs: 5, offersMs: 25, clock: () => performance.now() };

/** One slow score is a pause of the machine; so many on end are the model. */
const slowInARowMax = 5;
const restMs = 60_000;

export interface Watchdog {
  rests(model: Loaded): boolean;
  /** Say it after each score. */
  took(model: Loaded, ms: number, limitMs: number): void;
}

export function createWatchdog(log: ServingLog, clock: Limits["clock"]): Watchdog {
  const states = new WeakMap<Loaded, { slow: number; until: number }>();
  return {
    rests: (model) => clock() < (states.get(model)?.until ?? 0),
    took(model, ms, limitMs) {
      if (ms <= limitMs) {
        states.delete(model);
        return;
      }
      const slow = (states.get(model)?.slow ?? 0) + 1;
      const resting = slow >= slowInARowMax;
      // One short of resting again: a model that is still slow rests at once.
      states.set(model, resting ? { slow: slow - 1, until: clock() + restMs } : { slow, until: 0 });
      if (resting) {
        const about = { model: model.name, version: model.version, took_ms: ms, limit_ms: limitMs, rests_ms: restMs };
        log.warn(about, "a model is too slow: the fallback serves");
      }
    },
  };
}
