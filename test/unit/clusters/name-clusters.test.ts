import { describe, expect, it } from "vitest";
import { type Known, nameClusters } from "../../../api/clusters/name-clusters.ts";

function known(clusters: Readonly<Record<string, Readonly<Record<string, number>>>>): Map<string, Known> {
  return new Map(
    Object.entries(clusters).flatMap(([clusterId, members]) =>
      Object.entries(members).map(([customer, firstSeenAt]) => [customer, { clusterId, firstSeenAt }] as const),
    ),
  );
}

function named(groups: readonly (readonly string[])[], before: Map<string, Known>): string[] {
  let minted = 0;
  return nameClusters(groups, before, () => {
    minted += 1;
    return `new${minted}`;
  });
}

describe("the id of a cluster", () => {
  it("is new where nobody was in a cluster, and stays when somebody joins", () => {
    expect(named([["a", "b"]], known({}))).toEqual(["new1"]);
    expect(named([["a", "b", "c"]], known({ x: { a: 1, b: 2 } }))).toEqual(["x"]);
  });

  it("is the older one's when two grow together, however large they are", () => {
    const before = known({ small: { a: 1, b: 2 }, large: { c: 3, d: 4, e: 5, f: 6 } });
    expect(named([["f", "e", "d", "c", "b", "a"]], before)).toEqual(["small"]);
    expect(named([["a", "b", "c", "d"]], known({ y: { a: 7, b: 9 }, x: { c: 7, d: 8 } }))).toEqual(["x"]);
  });

  it("stays with the larger part when one falls apart", () => {
    const before = known({ x: { a: 1, b: 2, c: 3, d: 4, e: 5 } });
    expect(
      named(
        [
          ["a", "b"],
          ["c", "d", "e"],
        ],
        before,
      ),
    ).toEqual(["new1", "x"]);
    expect(
      named(
        [
          ["a", "b"],
          ["c", "d"],
        ],
        before,
      ),
    ).toEqual(["x", "new1"]);
  });

  it("is no other cluster's, whatever falls apart and grows together at once", () => {
    const before = known({ x: { a: 1, b: 2, c: 3 }, y: { d: 4, e: 5, f: 6 } });
    // Most of x is with most of y; what is left of either is new.
    const ids = named(
      [
        ["a", "b", "d", "e"],
        ["c", "g"],
        ["f", "h"],
      ],
      before,
    );
    expect(ids).toEqual(["x", "new1", "new2"]);
  });
});
