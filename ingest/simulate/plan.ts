/** All that will be done in one simulated season, planned before the first request: the seed decides everything. */
import { type Act, type AttackName, attackNames } from "./acts.ts";
import { guessCodes } from "./attacks/code-guessing.ts";
import { bendRules } from "./attacks/friendly-abuse.ts";
import { leakCode } from "./attacks/leaked-code.ts";
import { openManyAccounts } from "./attacks/multi-accounting.ts";
import { cycleRefunds } from "./attacks/refund-cycling.ts";
import { referOneself } from "./attacks/self-referral.ts";
import type { Attack } from "./attacks/stage.ts";
import { createDraw } from "./draw.ts";
import { dayMs, planHonest } from "./honest.ts";
import { makeCrowd } from "./people.ts";
import { makeCatalogue } from "./shop.ts";

const attacks: Readonly<Record<AttackName, Attack>> = {
  code_guessing: guessCodes,
  leaked_code: leakCode,
  multi_accounting: openManyAccounts,
  refund_cycling: cycleRefunds,
  self_referral: referOneself,
  friendly_abuse: bendRules,
};

export interface SeasonOptions {
  readonly seed: number;
  readonly customers: number;
  readonly days: number;
  /** Fraudulent checkouts with a code per honest one. */
  readonly fraudShare: number;
  /** Epoch milliseconds; whole days before it are simulated. */
  readonly endsAt: number;
}

export interface Plan {
  readonly startsAt: number;
  readonly days: number;
  /** In order of time. */
  readonly acts: readonly Act[];
  /** Code → the customer it is for. */
  readonly personal: ReadonlyMap<string, string>;
}

export function planSeason({ seed, customers, days, fraudShare, endsAt }: SeasonOptions): Plan {
  const draw = createDraw(seed);
  const startsAt = endsAt - days * dayMs;
  const season = { draw, startsAt, days, catalogue: makeCatalogue(draw) };
  const crowd = makeCrowd(draw, customers, days);
  const personal = new Map(
    crowd.people
      .filter(({ joinsAt }) => joinsAt < 0 && draw.chance(0.3))
      .map(({ identifier }) => [identifier, `PC-${draw.token(8).toUpperCase()}`]),
  );
  const honest = planHonest(season, crowd, personal);
  const wanted = redemptions(honest) * fraudShare;
  const fraudulent: Act[] = [];
  for (let episode = 0; redemptions(fraudulent) < wanted; episode += 1) {
    const attack = attackNames[episode % attackNames.length] ?? "leaked_code";
    fraudulent.push(...attacks[attack]({ season, crowd, attack, episode: `${attack}-${episode}` }));
  }
  const acts = [...honest, ...fraudulent].filter(({ at }) => at < endsAt).sort((a, b) => a.at - b.at);
  return { startsAt, days, acts, personal: new Map([...personal].map(([customer, code]) => [code, customer])) };
}

function redemptions(acts: readonly Act[]): number {
  return acts.filter((act) => act.kind === "checkout" && act.code !== null).length;
}
