/** What every attack needs: a moment to begin, and people who are not what they say. */
import type { Act, AttackName, Checkout, Origin } from "../acts.ts";
import { dayMs, type Season } from "../honest.ts";
import { type Crowd, makeName, makeOrigin } from "../people.ts";
import { fillBasket } from "../shop.ts";

export interface Stage {
  readonly season: Season;
  readonly crowd: Crowd;
  readonly attack: AttackName;
  /** Unique in the run. */
  readonly episode: string;
}

/** One way to cheat: what is done in one run of it, in order of time. */
export type Attack = (stage: Stage) => Act[];

export const minuteMs = 60_000;
export const hourMs = 3_600_000;

/** Some time in the season, late enough for a past and early enough for what follows. */
export function beginning({ season: { draw, startsAt, days } }: Stage, needsDays: number): number {
  const latest = Math.max(1, days - needsDays);
  return startsAt + Math.round((Math.min(1, latest / 2) + draw.unit() * Math.max(0, latest - 1)) * dayMs);
}

export interface Account {
  readonly identifier: string;
  readonly name: string;
  readonly email: string;
}

/** Looks like anybody's: nothing in its name gives it away. */
export function makeAccount({ season: { draw } }: Stage): Account {
  return { identifier: `c-${draw.whole(1_000, 9_999)}-${draw.token(6)}`, ...makeName(draw) };
}

export function open({ attack, episode }: Stage, account: Account, at: number): Act {
  const { identifier, name, email } = account;
  return { kind: "sign_up", at, actor: episode, attack, episode, customer: identifier, name, email };
}

type CheckoutDetail = Partial<Pick<Checkout, "wrongCodes" | "pays" | "lines" | "actor">> & {
  readonly at: number;
  readonly customer: string;
  readonly nth: number;
  readonly origin: Origin;
  readonly code: string | null;
};

export function checkout({ season, attack, episode }: Stage, detail: CheckoutDetail): Checkout {
  const { at, customer, nth, origin, code } = detail;
  return {
    kind: "checkout",
    at,
    actor: detail.actor ?? episode,
    attack,
    episode,
    customer,
    orderId: `${customer}-x${nth}`,
    lines: detail.lines ?? fillBasket(season.draw, season.catalogue),
    origin,
    wrongCodes: detail.wrongCodes ?? [],
    code,
    pays: detail.pays ?? true,
  };
}

export function newOrigin({ season }: Stage): Origin {
  return makeOrigin(season.draw);
}
