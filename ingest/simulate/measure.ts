/** How well abuse was told from honest custom. Pure. */
import { type AttackName, attackNames } from "./acts.ts";
import type { Attempt } from "./perform.ts";

/** What the queue says of a subject. */
export interface Flag {
  readonly origin: "request" | "late";
  /** In the season's time, epoch ms: of the request, or up to when the season had come. */
  readonly at: number;
}

export interface Detection {
  readonly episodes: number;
  /** Episodes of which at least one act was flagged, and those of which one was flagged in its request. */
  readonly episodesFound: number;
  readonly episodesFoundAtOnce: number;
  /** Checkouts with a code that exists, and how many of them got their discount. */
  readonly attempts: number;
  readonly redeemed: number;
  /** Redemptions flagged in the request, and those flagged in the end, late ones included. */
  readonly flaggedAtOnce: number;
  readonly flagged: number;
  /** Guesses that were refused unread. */
  readonly braked: number;
  /** Medians over the episodes found: redemptions that went through unflagged before the first flag, and minutes from the first deed. */
  readonly missedBefore: number | null;
  readonly minutesToDetection: number | null;
  /** Minor units: given away, and of that on flagged redemptions or refused. */
  readonly discountAmount: number;
  readonly flaggedAmount: number;
}

export interface Measurement {
  readonly attacks: ReadonlyMap<AttackName, Detection>;
  readonly honest: {
    readonly redeemed: number;
    readonly flaggedAtOnce: number;
    readonly flagged: number;
    readonly rejected: number;
    readonly rejectedFlagged: number;
  };
  readonly fraudShare: number;
}

export function measure(attempts: readonly Attempt[], flags: ReadonlyMap<string, Flag>): Measurement {
  const honest = attempts.filter(({ attack }) => attack === null);
  const redeemed = honest.filter(({ outcome }) => outcome === "redeemed" || outcome === "held");
  const rejected = honest.filter(({ outcome }) => outcome === "rejected");
  const codes = attempts.filter(({ isRealCode }) => isRealCode);
  return {
    attacks: new Map(
      attackNames.flatMap((name) => {
        const own = attempts.filter(({ attack }) => attack === name);
        return own.length === 0 ? [] : [[name, detectionOf(own, flags)]];
      }),
    ),
    honest: {
      redeemed: redeemed.length,
      flaggedAtOnce: redeemed.filter((attempt) => flagOf(attempt, flags)?.origin === "request").length,
      flagged: redeemed.filter((attempt) => flagOf(attempt, flags) !== undefined).length,
      rejected: rejected.length,
      rejectedFlagged: rejected.filter((attempt) => flagOf(attempt, flags) !== undefined).length,
    },
    fraudShare: codes.filter(({ attack }) => attack !== null).length / Math.max(1, codes.length),
  };
}

function detectionOf(own: readonly Attempt[], flags: ReadonlyMap<string, Flag>): Detection {
  const episodes = byEpisode(own);
  const found = [...episodes.values()].flatMap((acts) => firstFlag(acts, flags) ?? []);
  const redeemed = own.filter(({ outcome }) => outcome === "redeemed" || outcome === "held");
  const flagged = redeemed.filter((attempt) => flagOf(attempt, flags) !== undefined);
  return {
    episodes: episodes.size,
    episodesFound: found.length,
    episodesFoundAtOnce: [...episodes.values()].filter((acts) =>
      acts.some((attempt) => flagOf(attempt, flags)?.origin === "request"),
    ).length,
    attempts: own.filter(({ isRealCode }) => isRealCode).length,
    redeemed: redeemed.length,
    flaggedAtOnce: flagged.filter((attempt) => flagOf(attempt, flags)?.origin === "request").length,
    flagged: flagged.length,
    braked: own.filter(({ outcome }) => outcome === "braked").length,
    missedBefore: median(found.map(({ missed }) => missed)),
    minutesToDetection: median(found.map(({ minutes }) => minutes)),
    discountAmount: sum(redeemed),
    flaggedAmount: sum(flagged),
  };
}

function byEpisode(own: readonly Attempt[]): ReadonlyMap<string | null, Attempt[]> {
  const episodes = new Map<string | null, Attempt[]>();
  for (const attempt of own) episodes.set(attempt.episode, [...(episodes.get(attempt.episode) ?? []), attempt]);
  return episodes;
}

/** The earliest moment at which anybody could have known. */
function firstFlag(acts: readonly Attempt[], flags: ReadonlyMap<string, Flag>) {
  const moments = acts.flatMap((attempt) => flagOf(attempt, flags)?.at ?? []);
  if (moments.length === 0) return undefined;
  const at = Math.min(...moments);
  const began = Math.min(...acts.map((attempt) => attempt.at));
  const missed = acts.filter((attempt) => attempt.at < at && attempt.outcome === "redeemed").length;
  return { missed, minutes: (at - began) / 60_000 };
}

function flagOf(attempt: Attempt, flags: ReadonlyMap<string, Flag>): Flag | undefined {
  const listed = attempt.subject === null ? undefined : flags.get(attempt.subject);
  // What its own request said is known from its answer, whatever the queue has made of it since.
  const atOnce = attempt.action !== null && attempt.action !== "allow";
  return atOnce
    ? { origin: "request", at: attempt.at }
    : listed?.origin === "request"
      ? { ...listed, at: attempt.at }
      : listed;
}

function sum(attempts: readonly Attempt[]): number {
  return attempts.reduce((total, { discountAmount }) => total + discountAmount, 0);
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
