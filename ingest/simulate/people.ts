/** Honest customers, with all that makes them look alike: households, offices, mobile networks, shared addresses. */
import type { Origin } from "./acts.ts";
import type { Draw } from "./draw.ts";

export interface Person {
  readonly identifier: string;
  readonly name: string;
  readonly email: string;
  /** Days after the beginning; before it, negative, for those who were customers already. */
  readonly joinsAt: number;
  /** Orders a day. */
  readonly rate: number;
  readonly isStaff: boolean;
  /** Sends much of what is ordered back: clothes in three sizes. */
  readonly returnsMuch: boolean;
  /** Where a checkout comes from this time. */
  origin(): Origin;
}

export interface Crowd {
  readonly people: readonly Person[];
  /** Networks of mobile carriers, behind which strangers share an address. */
  readonly carriers: readonly string[];
}

const givenNames = ["Ada", "Ben", "Chiara", "Deniz", "Emil", "Fatou", "Greta", "Hugo", "Ines", "Jonas", "Kira", "Lena"];
const mailHosts = ["example.com", "mail.example", "post.example", "home.example"];
const agents = [
  "Mozilla/5.0 (iPhone)",
  "Mozilla/5.0 (Android 15)",
  "Mozilla/5.0 (Windows NT 10.0)",
  "Mozilla/5.0 (Macintosh)",
];

/** A public-looking address; the first byte keeps crowds and attackers apart only in the seed's own draw. */
function makeIp(draw: Draw): string {
  return [draw.whole(60, 200), draw.whole(0, 255), draw.whole(0, 255), draw.whole(1, 254)].join(".");
}

export function makeOrigin(draw: Draw): Origin {
  return {
    device: `dev-${draw.token(16)}`,
    userAgent: draw.pick(agents),
    ip: makeIp(draw),
    card: `card-${draw.token(20)}`,
    address: `${draw.pick(["Oak", "Mill", "Lake", "Hill", "Church"])} Street ${draw.whole(1, 400)}, ${draw.whole(10_000, 99_999)}`,
  };
}

export function makeName(draw: Draw): { readonly name: string; readonly email: string } {
  const given = draw.pick(givenNames);
  const family = draw.token(7);
  return { name: `${given} ${family}`, email: `${given}.${family}@${draw.pick(mailHosts)}`.toLowerCase() };
}

export function makeCrowd(draw: Draw, count: number, days: number): Crowd {
  const carriers = Array.from({ length: 12 }, () => makeIp(draw));
  const offices = Array.from({ length: Math.max(1, Math.round(count / 150)) }, () => makeIp(draw));
  const people: Person[] = [];
  while (people.length < count) {
    const home = makeOrigin(draw);
    const members = Math.min(count - people.length, draw.chance(0.2) ? draw.whole(2, 3) : 1);
    for (let member = 0; member < members; member += 1) {
      people.push(makePerson(draw, people.length, home, { carriers, offices, days, isFirst: member === 0 }));
    }
  }
  return { people, carriers };
}

interface Surroundings {
  readonly carriers: readonly string[];
  readonly offices: readonly string[];
  readonly days: number;
  readonly isFirst: boolean;
}

function makePerson(draw: Draw, index: number, home: Origin, around: Surroundings): Person {
  // Members of a household share the address and the line; half of them a card, a third a tablet.
  const own = makeOrigin(draw);
  const usual: Origin = around.isFirst
    ? home
    : {
        ...own,
        ip: home.ip,
        address: home.address,
        card: draw.chance(0.5) ? home.card : own.card,
        device: draw.chance(0.33) ? home.device : own.device,
      };
  const office = draw.chance(0.12) ? draw.pick(around.offices) : null;
  const second = draw.chance(0.4) ? `dev-${draw.token(16)}` : null;
  return {
    identifier: `c-${index}-${draw.token(6)}`,
    ...makeName(draw),
    joinsAt: draw.chance(0.7) ? -draw.whole(5, 900) : draw.unit() * around.days,
    rate: draw.gamma(0.7, 0.35),
    isStaff: draw.chance(0.015),
    returnsMuch: draw.chance(0.03),
    origin: () => ({
      ...usual,
      ip: draw.chance(0.35) ? draw.pick(around.carriers) : office !== null && draw.chance(0.4) ? office : usual.ip,
      device: second !== null && draw.chance(0.3) ? second : usual.device,
      address: draw.chance(0.05) ? makeOrigin(draw).address : usual.address,
    }),
  };
}
