/** States of signals: bounded, order hardly matters, and what is written is what is read. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { networksOf } from "../../../api/signals/networks.ts";
import { hashOrigin, hashSubject, normaliseAddress } from "../../../api/signals/subjects.ts";
import { decodeState, encodeState } from "../../../models/features/signals/codec.ts";
import { subjectKinds } from "../../../models/features/signals/kinds.ts";
import { countMost, distinctMost, measures, usualDays } from "../../../models/features/signals/measures.ts";
import { readMeasures } from "../../../models/features/signals/read.ts";
import type { Sighting } from "../../../models/features/signals/sighting.ts";
import { emptyState, forgetCounterpart, isKept, see } from "../../../models/features/signals/state.ts";

const moment = Date.UTC(2026, 3, 9, 15, 30);
const day = 86_400_000;
const subjects = Object.fromEntries(subjectKinds.map((kind) => [kind, kind]));

const sightings = fc.array(
  fc.record({
    projectId: fc.constant("prj"),
    at: fc.integer({ min: moment - 100 * day, max: moment }),
    what: fc.constantFrom("redeemed", "rejected", "undone", "ordered"),
    unknown: fc.boolean(),
    subjects: fc.integer({ min: 0, max: 60 }).map((network) => ({ ...subjects, network: `network-${network}` })),
    shopper: fc.option(fc.integer({ min: 0, max: 60 }).map((shopper) => `c${shopper}`)),
    newcomer: fc.boolean(),
    isFirst: fc.boolean(),
    amount: fc.integer({ min: 0, max: 1_000_000 }),
    discountAmount: fc.integer({ min: 0, max: 1_000_000 }),
  }),
  { maxLength: 300 },
) satisfies fc.Arbitrary<Sighting[]>;

function stateOf(kind: (typeof subjectKinds)[number], seen: readonly Sighting[]) {
  const state = emptyState();
  for (const sighting of seen) see(state, kind, sighting);
  return state;
}

describe("a state", () => {
  it("stays small whatever comes, and reads the same when it was written and read", () => {
    fc.assert(
      fc.property(sightings, fc.constantFrom(...subjectKinds.filter(isKept)), (seen, kind) => {
        const state = stateOf(kind, seen);
        for (const list of Object.values(state.moments)) expect(list.length).toBeLessThanOrEqual(countMost);
        for (const list of Object.values(state.counterparts)) expect(list.length).toBeLessThanOrEqual(distinctMost);
        expect(state.days.length).toBeLessThanOrEqual(usualDays);
        const text = encodeState(state);
        expect(text.length).toBeLessThan(3_000);
        expect(encodeState(decodeState(text))).toBe(text);
        expect(decodeState(text)).toEqual(state);
      }),
    );
  });

  it("gives the same numbers whatever order a few events come in", () => {
    fc.assert(
      fc.property(sightings, fc.infiniteStream(fc.nat()), (seen, keys) => {
        const few = seen.slice(0, 20);
        const mixed = few.map((sighting) => ({ sighting, key: keys.next().value })).sort((a, b) => a.key - b.key);
        const readings = [few, mixed.map(({ sighting }) => sighting)].map((order) =>
          readMeasures(subjects, new Map(subjectKinds.map((kind) => [kind, stateOf(kind, order)])), moment),
        );
        expect(readings[1]).toEqual(readings[0]);
      }),
    );
  });

  it("forgets a counterpart and keeps the others", () => {
    const seen = ["ann", "bob"].map(
      (shopper): Sighting => ({
        ...{ projectId: "prj", at: moment - 1000, what: "redeemed", unknown: false, subjects, shopper },
        ...{ newcomer: false, isFirst: true, amount: 1, discountAmount: 1 },
      }),
    );
    const state = stateOf("device", seen);
    const count = () => readMeasures(subjects, new Map([["device", state]]), moment).device_shoppers_90d;
    expect(count()).toBe(2);
    expect(forgetCounterpart(state, "ann")).toBe(true);
    expect(count()).toBe(1);
    expect(forgetCounterpart(state, "ann")).toBe(false);
  });

  it("is null of what an attempt does not name, and 0 of what was never seen", () => {
    const readings = readMeasures({ customer: "c", project: "EUR" }, new Map(), moment);
    expect(readings.customer_redeemed_day).toBe(0);
    expect(readings.customer_seconds_since_last).toBeNull();
    expect(readings.device_redeemed_day).toBeNull();
    expect(Object.keys(readings)).toEqual(Object.keys(measures));
  });
});

describe("an address of the internet", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7", "192.0.2.0/24"],
    ["::ffff:192.0.2.7", "192.0.2.7", "192.0.2.0/24"],
    ["2001:DB8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"],
    ["2001:db8:0001::9", "2001:db8:1:0::/64", "2001:db8:1::/48"],
    ["2001:db8::", "2001:db8:0:0::/64", "2001:db8:0::/48"],
    ["fe80::1%eth0", "fe80:0:0:0::/64", "fe80:0:0::/48"],
    ["64:ff9b::192.0.2.7", "64:ff9b:0:0::/64", "64:ff9b:0::/48"],
  ])("%s is %s in %s", (address, ip, network) => {
    expect(networksOf(address)).toEqual({ ip, network });
  });

  it("is nothing when it is none", () => {
    expect(networksOf("not an address")).toEqual({});
  });
});

describe("what a shop says of whom it came from", () => {
  const key = Buffer.alloc(32, 7);

  it("becomes hashes that differ by kind and by project, and blanks become nothing", () => {
    const origin = { deviceId: "x", cardFingerprint: "x", ip: "192.0.2.7", asn: 64_500, shippingAddress: "  " };
    const part = hashOrigin(key, origin);
    expect(Object.keys(part).sort()).toEqual(["asn", "card", "device", "ip", "network"]);
    expect(new Set(Object.values(part)).size).toBe(5);
    for (const hash of Object.values(part)) expect(hash).toMatch(/^[\w-]{22}$/);
    expect(hashOrigin(key, origin)).toEqual(part);
    expect(hashOrigin(Buffer.alloc(32, 8), origin).device).not.toBe(part.device);
    expect(hashOrigin(key, { deviceId: " " })).toEqual({});
    expect(hashSubject(key, "customer", "x")).not.toBe(part.device);
  });

  it("of an address leaves letters and digits", () => {
    expect(normaliseAddress("12, Rue de l'Été\n75001  PARIS")).toBe("12 rue de l ete 75001 paris");
    expect(normaliseAddress("12 RUE DE L ETE, 75001 Paris.")).toBe(normaliseAddress("12, Rue de l'Été 75001 PARIS"));
  });
});
