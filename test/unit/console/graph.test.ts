import { describe, expect, it } from "vitest";
import type { SharedSubject } from "../../../api/clusters/wire.ts";
import { chooseDrawn } from "../../../api/console/graph/choose.ts";
import { layOut } from "../../../api/console/graph/layout.ts";

const box = { width: 720, height: 420, margin: 40 };

describe("the places of a graph", () => {
  const star = Array.from({ length: 20 }, (_, at) => [0, at + 1] as const);

  it("are the same each time, within the picture, and no two the same", () => {
    const points = layOut(21, star, box);
    expect(layOut(21, star, box)).toEqual(points);
    for (const { x, y } of points) {
      expect(x >= 40 && x <= 680 && y >= 40 && y <= 380, `${x} ${y}`).toBe(true);
    }
    for (const [at, one] of points.entries()) {
      for (const other of points.slice(at + 1)) {
        expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeGreaterThan(5);
      }
    }
  });

  it("put a hub among those it joins, and what is apart, apart", () => {
    const pairs = [...star, [21, 22] as const];
    const points = layOut(23, pairs, box);
    const away = (a: number, b: number) =>
      Math.hypot((points[a]?.x ?? 0) - (points[b]?.x ?? 0), (points[a]?.y ?? 0) - (points[b]?.y ?? 0));
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const toHub = mean(star.map(([hub, leaf]) => away(hub, leaf)));
    expect(toHub).toBeLessThan(mean(star.map(([, leaf]) => away(21, leaf))));
  });

  it("are finite for one node and for none", () => {
    expect(layOut(1, [], box)).toEqual([{ x: 360, y: 210 }]);
    expect(layOut(0, [], box)).toEqual([]);
  });
});

describe("what is drawn of a cluster", () => {
  const subject = (kind: SharedSubject["kind"], ...customers: string[]): SharedSubject => ({
    kind,
    label: kind,
    customers,
  });
  const nodesOf = (shared: readonly SharedSubject[]) =>
    [...new Set(shared.flatMap(({ customers }) => customers))].map((customer) => ({
      customer,
      first_seen_at: "",
      last_seen_at: "",
      redemptions_count: 0,
      currency: "",
      discount_amount: 0,
      rejections_count: 0,
      risk_score_max: null,
    }));
  const clusterOf = (shared: SharedSubject[]) => {
    const nodes = nodesOf(shared);
    return { customers_count: nodes.length, nodes, shared };
  };

  it("is all of a small one, whoever is looked at", () => {
    const cluster = clusterOf([subject("card", "a", "b"), subject("ip", "b", "c")]);
    for (const self of ["a", "b", "c"]) {
      const drawn = chooseDrawn(cluster, self);
      expect([...drawn.customers].sort()).toEqual(["a", "b", "c"]);
      expect(drawn.customers[0]).toBe(self);
      expect(drawn.left.customers).toBe(0);
    }
  });

  it("is at most 60 of a large one, the nearest first, and says how many are left", () => {
    const many = Array.from({ length: 50 }, (_, at) => `m${at}`);
    const more = Array.from({ length: 50 }, (_, at) => `n${at}`);
    const cluster = clusterOf([subject("card", "self", ...many), subject("device", "m0", ...more)]);
    const drawn = chooseDrawn(cluster, "self");
    expect(drawn.customers.length + drawn.shared.length).toBeLessThanOrEqual(60);
    expect(drawn.customers).toEqual(expect.arrayContaining(["self", ...many]));
    expect(drawn.left.customers).toBe(101 - drawn.customers.length);
    for (const { customers } of drawn.shared) {
      for (const customer of customers) expect(drawn.customers).toContain(customer);
    }
  });
});
