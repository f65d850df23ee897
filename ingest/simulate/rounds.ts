/**
 * Cuts a plan into rounds of requests that may be under way together. Between two rounds the service catches up with
 * what it was told, so that what one actor does is seen before their next deed, as it would be in real time; strangers
 * of the same quarter of an hour do not wait for each other.
 */
import type { Act } from "./acts.ts";

const windowMs = 15 * 60_000;

/** The last millisecond of its quarter of an hour. */
export function endOfWindow(at: number): number {
  return (Math.floor(at / windowMs) + 1) * windowMs - 1;
}

export interface Round {
  readonly acts: readonly Act[];
  /** The instant up to which the season has come. */
  readonly until: number;
}

export function* roundsOf(acts: readonly Act[]): Generator<Round> {
  let index = 0;
  while (index < acts.length) {
    const until = endOfWindow(acts[index]?.at ?? 0);
    const chains = new Map<string, Act[]>();
    for (let act = acts[index]; act !== undefined && act.at <= until; index += 1, act = acts[index]) {
      const chain = chains.get(act.actor);
      if (chain === undefined) chains.set(act.actor, [act]);
      else chain.push(act);
    }
    const longest = Math.max(...[...chains.values()].map((chain) => chain.length));
    for (let step = 0; step < longest; step += 1) {
      const round = [...chains.values()].flatMap((chain) => chain[step] ?? []);
      yield { acts: round, until: Math.max(...round.map(({ at }) => at)) };
    }
  }
}
