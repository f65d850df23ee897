/** A shop that wants its answer: asks again with the same key, at either process, until somebody answers. */
import { setTimeout as delay } from "node:timers/promises";
import type { Caller, RawAnswer } from "../support/caller.ts";
import type { Random } from "../support/mixture/random.ts";
import type { Ask } from "../support/mixture/shopper.ts";

export interface Attempts {
  asked: number;
  /** The connection broke, or nobody was there: the call may have been carried out or not. */
  broken: number;
  /** 5xx. */
  failed: number;
}

const patienceMs = 180_000;

export function persist(caller: Caller, urls: readonly string[], random: Random, attempts: Attempts): Ask {
  return async (call, twin) => {
    const deadline = Date.now() + patienceMs;
    for (let target = twin ?? random.below(urls.length); ; target++) {
      attempts.asked += 1;
      const answer = await caller.send(urls[target % urls.length] ?? "", call).catch((error: unknown) => {
        attempts.broken += 1;
        return error instanceof Error ? error : new Error(String(error));
      });
      if (!(answer instanceof Error)) {
        if (answer.status < 500) return answer satisfies RawAnswer;
        attempts.failed += 1;
      }
      if (Date.now() > deadline) {
        const last = answer instanceof Error ? answer.message : `${answer.status} ${answer.text}`;
        throw new Error(`${call.method} ${call.path} was not answered for ${patienceMs / 1000} s: ${last}`);
      }
      await delay(20 + random.below(200));
    }
  };
}
