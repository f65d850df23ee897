/** Customers of all kinds, as events, and as plain values of every fact that follows from these. */
import fc from "fast-check";
import type { Event } from "../../../ingest/events/events.ts";
import { shop } from "../../warehouse/shop.ts";

type Scalar = string | number | boolean | string[];

export interface Shopper {
  readonly identifier: string;
  readonly attributes: Readonly<Record<string, Scalar>>;
  readonly metadata: Readonly<Record<string, Exclude<Scalar, string[]>>>;
  readonly tags: Readonly<Record<string, string[]>>;
  readonly consent: Readonly<Record<string, boolean>>;
  readonly birthday: string | null;
  readonly createdDaysAgo: number;
  readonly points: number;
  /** [days ago, amount, whether it was cancelled since] */
  readonly orders: readonly (readonly [number, number, boolean])[];
  /** [days ago, discount, what of it was taken back] */
  readonly redemptions: readonly (readonly [number, number, "stands" | "part" | "whole"])[];
  readonly rejectionsDaysAgo: readonly number[];
  /** [days ago, name] */
  readonly visits: readonly (readonly [number, string])[];
  readonly lists: readonly string[];
}

/** Also what would end a text, a statement or a parameter if it ever came to be one's part. */
const hostile = [
  "gold",
  "Gold",
  "",
  "'",
  "' OR 1=1 --",
  "\\",
  "\\'",
  '"; DROP TABLE customers_wide; --',
  "{p0: String}",
  "a\nb",
  "a\tb",
  "\u0000",
  "ключ",
  "🙂",
  "a.b",
  "NULL",
  "\\N",
  "/*",
  "--",
  "`x`",
  "7",
  "%_",
  "(?i)g",
];

/** As a value can be: not empty. */
export const texts = hostile.filter((text) => text !== "");
export const keys = ["tier", "a.b", "'", "\\", "size", "{p1: String}"];
export const eventNames = ["visit", "it's", "\\'"];
export const lists = ["vip", "o'hara", "\\"];
const numbers = [0, 1, 2, 7, 7.5, -3, 0.1, 1e21, 5e-324, 9_007_199_254_740_991, -0.30000000000000004];

const days = fc.integer({ min: 0, max: 90 });
const amount = fc.integer({ min: 0, max: 12 }).map((n) => n * 500);
const text = fc.constantFrom(...texts);
const number = fc.constantFrom(...numbers);
const plain = fc.oneof(text, number, fc.boolean());
const some = <T>(one: fc.Arbitrary<T>, maxLength = 3) => fc.array(one, { maxLength });
const record = <T>(value: fc.Arbitrary<T>) =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(...keys), value), { selector: ([key]) => key, maxLength: 4 })
    .map((pairs) => Object.fromEntries(pairs));

export const anyScalar = plain;
export const anyNumber = number;

const birthday = fc
  .tuple(fc.integer({ min: 1900, max: 2020 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 31 }))
  .map(([y, m, d]) => new Date(Date.UTC(y, m - 1, Math.min(d, new Date(Date.UTC(y, m, 0)).getUTCDate()))))
  .map((date) => date.toISOString().slice(0, 10));

const shopper: fc.Arbitrary<Omit<Shopper, "identifier">> = fc.record({
  attributes: record(fc.oneof({ weight: 4, arbitrary: plain }, some(text))),
  metadata: record(plain),
  tags: record(some(text)),
  consent: record(fc.boolean()),
  birthday: fc.option(fc.oneof(birthday, fc.constantFrom("2000-02-29", "1999-12-31", "1984-01-01"))),
  createdDaysAgo: days,
  points: fc.integer({ min: 0, max: 20 }).map((n) => n * 50),
  orders: some(fc.tuple(days, amount, fc.boolean())),
  redemptions: some(fc.tuple(days, amount, fc.constantFrom("stands" as const, "part" as const, "whole" as const))),
  rejectionsDaysAgo: some(days),
  visits: some(fc.tuple(days, fc.constantFrom(...eventNames)), 4),
  lists: fc.subarray(lists),
});

export function shoppers(count: number, seed: number): Shopper[] {
  return fc.sample(shopper, { numRuns: count, seed }).map((one, at) => ({
    ...one,
    // Some are named as an injection would be.
    identifier:
      `${String(at).padStart(3, "0")} ${hostile[at % hostile.length]?.trim().replace("\u0000", "") ?? ""}`.trim(),
  }));
}

/** Before `now` by whole days and an hour, so that no window ends on the very instant. */
export function ago(now: Date, daysAgo: number): string {
  return new Date(now.getTime() - daysAgo * 86_400_000 - 3_600_000).toISOString();
}

export function eventsOf(project: string, all: readonly Shopper[], now: Date): Event[] {
  const s = shop(project, "M");
  const events: Event[] = [];
  for (const one of all) {
    const customer = one.identifier;
    const created = ago(now, one.createdDaysAgo);
    const { attributes, tags, birthday: born, consent, metadata } = one;
    events.push(
      s.event("customer.created", created, {
        customer,
        profile: {
          ...{ identifier: customer, name: null, created_at: created, birthday: born },
          ...{ attributes: { ...attributes }, tags: { ...tags }, consent: { ...consent }, metadata: { ...metadata } },
        },
      }),
    );
    if (one.points > 0) events.push(s.points(customer, created, "earned", one.points, one.points));
    one.orders.forEach(([daysAgo, total, cancelled], at) => {
      const id = `${customer} ${at}`;
      const order = s.orderOf(id, [["sku", "tea", 1, total]]);
      events.push(s.event("order.paid", ago(now, daysAgo), { customer, order }));
      if (cancelled) events.push(s.event("order.cancelled", ago(now, 0), { customer, order }));
    });
    one.redemptions.forEach(([daysAgo, discount, fate], at) => {
      const given = {
        ...{ id: `red ${customer} ${at}`, at: ago(now, daysAgo), customer, orderId: `r ${customer} ${at}` },
        ...{ lines: [["sku", "tea", 1, 10_000]] as const, codes: [["C", "A", discount]] as const },
      };
      events.push(s.redeemed(given));
      const back = { ...given, codes: [["C", "A", fate === "whole" ? discount : discount / 2]] as const };
      if (fate !== "stands") events.push(s.rolledBack(back, ago(now, 0), fate === "whole"));
    });
    one.rejectionsDaysAgo.forEach((daysAgo, at) => {
      events.push(
        s.rejected({
          ...{ id: `rej ${customer} ${at}`, at: ago(now, daysAgo), customer, orderId: `x ${customer} ${at}` },
          ...{ lines: [["sku", "tea", 1, 10_000]], codes: [["C", "A", 0, ["voucher_expired"]]] },
        }),
      );
    });
    one.visits.forEach(([daysAgo, name], at) => {
      events.push(
        s.event("custom.recorded", ago(now, daysAgo), {
          ...{ customer, custom_event_id: `cev ${customer} ${at}`, name, properties: {} },
        }),
      );
    });
    for (const name of one.lists) {
      events.push(s.event("segment.entered", ago(now, 0), { segment_id: listId(name), name, customer }));
    }
  }
  return events;
}

export function listId(name: string): string {
  return `seg_${lists.indexOf(name)}`;
}
