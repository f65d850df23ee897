/** The mart of drift against the same index in TypeScript. */
import { describe, expect, it } from "vitest";
import type { Event } from "../../ingest/events/events.ts";
import { readDrift } from "../../models/drift/read-drift.ts";
import { seeded } from "../../models/training/random.ts";
import { insertEvents } from "../parity/warehouse-events.ts";
import { scoredRedemption } from "../support/scored.ts";
import { useStores } from "../support/stores.ts";

const stores = useStores();
const day = 86_400_000;

function redemption(project: string, index: number, at: number, features: Record<string, number>): Event {
  return scoredRedemption(project, index, at, { score: features.steady ?? 0, model: "risk@1", features });
}

/** Siddiqi, Credit Risk Scorecards, 2006, chapter 6: over the deciles of the reference, half a row in every bin besides. */
function stabilityIndex(reference: readonly number[], recent: readonly number[]): number {
  const sorted = reference.toSorted((a, b) => a - b);
  const decile = (number: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor((number / 10) * sorted.length))] ?? 0;
  const edges = [...new Set([1, 2, 3, 4, 5, 6, 7, 8, 9].map(decile))];
  const shares = (values: readonly number[]) => {
    const counts = edges.map(() => 0.5).concat(0.5);
    for (const value of values) {
      const bin = edges.filter((edge) => value > edge).length;
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    return counts.map((count) => count / (values.length + 0.5 * counts.length));
  };
  const before = shares(reference);
  return shares(recent).reduce((sum, share, bin) => {
    const expected = before[bin] ?? Number.NaN;
    return sum + (share - expected) * Math.log(share / expected);
  }, 0);
}

describe("drift of features", () => {
  it("is the population stability index of the last 7 days against the 28 before", async () => {
    const random = seeded(3);
    const now = Date.now();
    const vectors = Array.from({ length: 900 }, (_, index) => {
      const recent = index >= 600;
      return {
        at: recent ? now - day - index : now - 10 * day - index,
        recent,
        features: {
          steady: random(),
          moved: random() + (recent ? 0.4 : 0),
          // Nearly always the same value: one bin is most of it.
          rare: random() < (recent ? 0.3 : 0.02) ? 1 + Math.floor(random() * 4) : 0,
        },
      };
    });
    const events = vectors.map(({ at, features }, index) => redemption("prj_drift", index, at, features));
    const old = Array.from({ length: 150 }, (_, at) =>
      redemption("prj_drift", 1000 + at, now - 40 * day, { moved: 99 }),
    );
    const others = events.map((event) => ({ ...event, project_id: "prj_other", event_id: `o${event.event_id}` }));
    await insertEvents(stores.warehouse, [...events, ...old, ...others]);
    const drift = await readDrift(stores.warehouse, "prj_drift", "risk");
    expect(drift.features.map(({ feature }) => feature)).toEqual(["moved", "rare", "steady"]);
    for (const row of drift.features) {
      const values = (recent: boolean) =>
        vectors.filter((each) => each.recent === recent).map(({ features }) => features[row.feature as "moved"]);
      expect(row).toMatchObject({ reference_count: 600, recent_count: 300 });
      expect(row.psi).toBeCloseTo(stabilityIndex(values(false), values(true)), 9);
    }
    expect(drift.features.map(({ level }) => level)).toEqual(["much", "much", "none"]);
    expect(drift.score).toMatchObject({ level: "none", reference_count: 600 });
  });

  it("says nothing where there is too little to say", async () => {
    const events = Array.from({ length: 50 }, (_, index) =>
      redemption("prj_little", index, Date.now() - index * day, { steady: index / 50 }),
    );
    await insertEvents(stores.warehouse, events);
    const drift = await readDrift(stores.warehouse, "prj_little", "risk");
    expect(drift.features.map(({ psi, level }) => [psi, level])).toEqual([[null, null]]);
    expect(await readDrift(stores.warehouse, "prj_little", "personalisation")).toEqual({ score: null, features: [] });
  });
});
