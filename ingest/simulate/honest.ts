/** A crowd's ordinary days: orders with and without codes, typing errors, newsletters, returns. */
import type { Act } from "./acts.ts";
import type { Draw } from "./draw.ts";
import type { Crowd, Person } from "./people.ts";
import { codes, fillBasket, type makeCatalogue } from "./shop.ts";

export const dayMs = 86_400_000;
const minuteMs = 60_000;

export interface Season {
  readonly draw: Draw;
  readonly startsAt: number;
  readonly days: number;
  readonly catalogue: ReturnType<typeof makeCatalogue>;
}

/** Personal coupons of the whole season: who has which. */
export type PersonalCodes = ReadonlyMap<string, string>;

export function planHonest(season: Season, crowd: Crowd, personal: PersonalCodes): Act[] {
  return [
    ...crowd.people.flatMap((person) => planPerson(season, person, personal.get(person.identifier))),
    ...planNewsletters(season, crowd),
  ];
}

function planPerson(season: Season, person: Person, personalCode: string | undefined): Act[] {
  const { draw, startsAt, days } = season;
  const joined = startsAt + person.joinsAt * dayMs;
  const acts: Act[] = [signUp(person, joined)];
  let orders = 0;
  let personalLeft = personalCode;
  for (let day = Math.max(0, Math.floor(person.joinsAt)); day < days; day += 1) {
    const isFirstDay = joined >= startsAt + day * dayMs;
    // Who signs up mostly does so to buy.
    const count = isFirstDay && draw.chance(0.6) ? 1 : draw.poisson(person.rate);
    for (let each = 0; each < count; each += 1) {
      const at = isFirstDay ? joined + draw.whole(2, 40) * minuteMs : timeOfDay(draw, startsAt + day * dayMs);
      const code = pickCode(draw, person, orders, personalLeft);
      if (code === personalLeft) personalLeft = undefined;
      acts.push(...buy(season, person, at, code, orders));
      orders += 1;
    }
  }
  return acts;
}

/** Two peaks, at noon and in the evening; nights are quiet. */
function timeOfDay(draw: Draw, day: number): number {
  const hour = draw.chance(0.4) ? draw.normal(12.5, 2) : draw.normal(20, 2.2);
  return day + Math.min(23.9, Math.max(0.1, hour)) * 3_600_000 + draw.whole(0, 59_999);
}

function pickCode(draw: Draw, person: Person, orders: number, personal: string | undefined): string | null {
  if (person.joinsAt >= 0 && orders === 0) return draw.chance(0.8) ? codes.welcome : null;
  if (person.isStaff && draw.chance(0.5)) return codes.staff;
  if (personal !== undefined && draw.chance(0.25)) return personal;
  if (draw.chance(0.02)) return codes.service;
  return draw.chance(0.3) ? codes.newsletter : null;
}

function buy(season: Season, person: Person, at: number, code: string | null, nth: number): Act[] {
  const { draw, catalogue } = season;
  const who = { actor: person.identifier, customer: person.identifier, attack: null, episode: null } as const;
  const orderId = `${person.identifier}-${nth}`;
  const wrongCodes =
    code !== null && draw.chance(0.06) ? Array.from({ length: draw.whole(1, 2) }, () => misspell(draw, code)) : [];
  const acts: Act[] = [
    {
      kind: "checkout",
      ...who,
      at,
      orderId,
      lines: fillBasket(draw, catalogue),
      origin: person.origin(),
      wrongCodes,
      code,
      pays: true,
    },
  ];
  if (draw.chance(person.returnsMuch ? 0.3 : 0.04)) {
    acts.push({ kind: "refund", ...who, at: at + draw.whole(1, 9) * dayMs, orderId });
  }
  return acts;
}

function misspell(draw: Draw, code: string): string {
  const at = draw.whole(0, code.length - 1);
  return `${code.slice(0, at)}${draw.token(1).toUpperCase()}${code.slice(at + 1)}X`;
}

function signUp(person: Pick<Person, "identifier" | "name" | "email">, at: number): Act {
  const { identifier, name, email } = person;
  return { kind: "sign_up", at, actor: identifier, attack: null, episode: null, customer: identifier, name, email };
}

/** A letter to all: strangers come to one code within hours, and it is as it should be. */
function planNewsletters(season: Season, { people }: Crowd): Act[] {
  const { draw, startsAt, days } = season;
  const readers = people.filter((person) => person.joinsAt < 0);
  const sentOn = [Math.floor(days * 0.35), Math.floor(days * 0.75)];
  return sentOn.flatMap((day, letter) =>
    readers
      .filter(() => draw.chance(0.06))
      .flatMap((person) => {
        const at = startsAt + day * dayMs + 9 * 3_600_000 + Math.round(draw.gamma(1, 4) * 3_600_000);
        return buy(season, person, at, codes.newsletter, 1_000 + letter);
      }),
  );
}
