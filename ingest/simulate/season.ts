/** Plays a plan against the service and measures what it found. */

import type { Call } from "../replay/client.ts";
import { eachLimited } from "../replay/concurrency.ts";
import type { Act } from "./acts.ts";
import { dayMs } from "./honest.ts";
import { type Flag, type Measurement, measure } from "./measure.ts";
import { type Attempt, createPerformer } from "./perform.ts";
import type { Plan } from "./plan.ts";
import { createCampaigns, handOut } from "./prepare.ts";
import { decideQueue, type Reviewed, readQueue } from "./queue.ts";
import { endOfWindow, roundsOf } from "./rounds.ts";
import { settle } from "./settle.ts";

export interface SeasonOptions {
  readonly call: Call;
  readonly plan: Plan;
  readonly concurrency: number;
  readonly reviews: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number) => void;
}

export interface Season {
  readonly measured: Measurement;
  /** Null unless asked for. */
  readonly reviewed: Reviewed | null;
}

export async function playSeason(options: SeasonOptions): Promise<Season> {
  const { call, plan, concurrency, signal, onProgress } = options;
  const campaigns = await createCampaigns(call);
  const performer = createPerformer(call, campaigns);
  const attempts: Attempt[] = [];
  const perform = (acts: readonly Act[]) =>
    eachLimited(acts, concurrency, async (act) => {
      attempts.push(...(await performer.perform(act)));
      onProgress(1);
    });
  const before = plan.acts.filter(({ at }) => at < plan.startsAt);
  await perform(before);
  await handOut(call, campaigns.get("personal") ?? "", plan.personal, concurrency);
  const flags = new Map<string, Flag>();
  let day = plan.startsAt + dayMs;
  let suspectUntil = Number.POSITIVE_INFINITY;
  for (const round of roundsOf(plan.acts.slice(before.length))) {
    // What has become suspect is followed up within seconds: before the next quarter of an hour.
    if (round.until > suspectUntil) {
      await settleHindsight(call, signal);
      suspectUntil = Number.POSITIVE_INFINITY;
    }
    if (round.until >= day) {
      // What history has shown in hindsight is dated by the evening on which it stood in the queue.
      await settleHindsight(call, signal);
      await noteFlags(call, flags, day);
      day += dayMs;
    }
    const known = attempts.length;
    await perform(round.acts);
    await settle(call, ["signals"], signal);
    const isSuspect = attempts.slice(known).some(({ action }) => action !== null && action !== "allow");
    if (isSuspect && suspectUntil > round.until) suspectUntil = endOfWindow(round.until);
  }
  await settleHindsight(call, signal);
  await noteFlags(call, flags, plan.startsAt + plan.days * dayMs);
  return { measured: measure(attempts, flags), reviewed: options.reviews ? await review(options, attempts) : null };
}

/** First all that asks for late scores, then what they have found. */
async function settleHindsight(call: Call, signal: AbortSignal): Promise<void> {
  await settle(call, ["signals", "rescore"], signal);
  await settle(call, ["signals", "rescore"], signal, true);
  await settle(call, ["reviews"], signal);
}

async function noteFlags(call: Call, flags: Map<string, Flag>, at: number): Promise<void> {
  for (const { subject, origin } of await readQueue(call)) {
    if (!flags.has(subject)) flags.set(subject, { origin, at });
  }
}

async function review({ call, concurrency }: SeasonOptions, attempts: readonly Attempt[]): Promise<Reviewed> {
  const fraudulent = new Set(attempts.flatMap(({ attack, subject }) => (attack === null ? [] : [subject ?? ""])));
  return decideQueue(call, await readQueue(call), fraudulent, concurrency);
}
