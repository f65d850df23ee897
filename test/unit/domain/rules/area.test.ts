import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { areaTest, distanceM, unrolled } from "../../../../api/domain/rules/area.ts";
import type { Point } from "../../../../api/domain/rules/rule.ts";

const lon = fc.double({ min: -180, max: 180, noNaN: true });
const lat = fc.double({ min: -90, max: 90, noNaN: true });
const place: fc.Arbitrary<Point> = fc.tuple(lon, lat);

describe("the distance", () => {
  it.each<[string, Point, Point, number]>([
    ["Berlin to Munich", [13.405, 52.52], [11.575, 48.1375], 504_400],
    ["a degree along the equator", [0, 0], [1, 0], 111_195],
    ["a degree across the antimeridian", [179.5, 0], [-179.5, 0], 111_195],
    ["pole to pole", [0, 90], [77, -90], 20_015_115],
    ["around the pole", [0, 89], [180, 89], 222_390],
    ["the same place by another name", [180, 12], [-180, 12], 0],
  ])("of %s", (_what, from, to, metres) => {
    expect(Math.abs(distanceM(from, to) - metres)).toBeLessThan(300);
  });

  it("is the same there and back, and never beyond half the way around", () => {
    fc.assert(
      fc.property(place, place, (from, to) => {
        expect(distanceM(from, to)).toBeCloseTo(distanceM(to, from), 3);
        expect(distanceM(from, to)).toBeLessThanOrEqual(20_015_116);
      }),
    );
  });
});

describe("a circle", () => {
  it("includes its border, and the whole world at its largest", () => {
    const radius_m = distanceM([0, 0], [1, 0]);
    expect(areaTest({ center: [0, 0], radius_m })(1, 0)).toBe(true);
    expect(areaTest({ center: [0, 0], radius_m: radius_m - 0.01 })(1, 0)).toBe(false);
    expect(areaTest({ center: [0, 90], radius_m: 20_000_000 })(5, -89)).toBe(true);
  });

  it("around a pole or across the antimeridian is a circle as any", () => {
    const polar = areaTest({ center: [0, 90], radius_m: 200_000 });
    expect([polar(120, 89), polar(-60, 88.5), polar(0, 88)]).toEqual([true, true, false]);
    const fiji = areaTest({ center: [179.9, -17], radius_m: 50_000 });
    expect([fiji(-179.9, -17), fiji(179.6, -17), fiji(-179, -17)]).toEqual([true, true, false]);
  });
});

describe("a polygon", () => {
  const square: Point[] = [
    [10, 50],
    [12, 50],
    [12, 52],
    [10, 52],
  ];

  it.each<[Point, boolean]>([
    [[11, 51], true],
    [[10, 50], true],
    [[12, 52], true],
    [[11, 50], true],
    [[10, 51.5], true],
    [[9.999, 51], false],
    [[12.001, 51], false],
    [[11, 52.001], false],
    [[-169, 51], false],
  ])("has %j inside: %j", (point, inside) => {
    expect(areaTest({ polygon: square })(...point)).toBe(inside);
    // Neither the direction, the first corner nor a closing point matters.
    expect(areaTest({ polygon: [...square].reverse() })(...point)).toBe(inside);
    expect(areaTest({ polygon: [...square.slice(2), ...square.slice(0, 2)] })(...point)).toBe(inside);
    expect(areaTest({ polygon: [...square, [10, 50]] })(...point)).toBe(inside);
  });

  it("may be hollow on one side", () => {
    const horseshoe = areaTest({
      polygon: [
        [0, 0],
        [6, 0],
        [6, 6],
        [4, 6],
        [4, 2],
        [2, 2],
        [2, 6],
        [0, 6],
      ],
    });
    expect([horseshoe(1, 5), horseshoe(5, 5), horseshoe(3, 1), horseshoe(3, 4)]).toEqual([true, true, true, false]);
  });

  it.each<[string, Point[]]>([
    [
      "from the west",
      [
        [179, -20],
        [-178, -20],
        [-178, -15],
        [179, -15],
      ],
    ],
    [
      "from the east",
      [
        [-178, -15],
        [179, -15],
        [179, -20],
        [-178, -20],
      ],
    ],
  ])("crosses the antimeridian, begun %s", (_from, polygon) => {
    const fiji = areaTest({ polygon });
    expect([fiji(179.5, -17), fiji(180, -17), fiji(-180, -17), fiji(-179, -17)]).toEqual([true, true, true, true]);
    expect([fiji(178.5, -17), fiji(-177.5, -17), fiji(0, -17), fiji(-179, -21)]).toEqual([false, false, false, false]);
  });

  it("has no inside when it goes around a pole or an edge could go either way", () => {
    const polar: Point[] = [
      [0, 80],
      [120, 80],
      [-120, 80],
    ];
    expect(unrolled(polar)).toBeNull();
    expect(areaTest({ polygon: polar })(0, 89)).toBe(false);
    expect(
      unrolled([
        [-90, 0],
        [90, 0],
        [0, 50],
      ]),
    ).toBeNull();
    expect(unrolled([])).toBeNull();
  });

  it("that is a triangle agrees with the signs of its sides", () => {
    const near = fc.tuple(fc.integer({ min: 170, max: 190 }), fc.integer({ min: -10, max: 10 }));
    const wrapped = ([x, y]: readonly [number, number]): Point => [x > 180 ? x - 360 : x, y];
    fc.assert(
      fc.property(near, near, near, near, (a, b, c, p) => {
        const side = (from: readonly [number, number], to: readonly [number, number]) =>
          Math.sign((to[0] - from[0]) * (p[1] - from[1]) - (to[1] - from[1]) * (p[0] - from[0]));
        const sides = [side(a, b), side(b, c), side(c, a)];
        const area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
        fc.pre(area !== 0);
        const inside = !(sides.includes(1) && sides.includes(-1));
        expect(areaTest({ polygon: [a, b, c].map(wrapped) })(...wrapped(p))).toBe(inside);
      }),
    );
  });
});
