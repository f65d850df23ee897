import { TypeID } from "typeid-js";
import { expect, it } from "vitest";
import { firstIdOf, newId, newIds } from "../../../api/ids.ts";

it("makes many ids that are all different, in time, and of the form of single ones", () => {
  const before = newId("vou");
  const ids = newIds("vou", 5_000);
  expect(new Set(ids).size).toBe(5_000);
  for (const id of ids) {
    expect(id).toMatch(/^vou_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(TypeID.fromString(id).toUUID()).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(id.slice(0, 14) >= before.slice(0, 14)).toBe(true);
  }
});

it("knows which id is the first of a moment", () => {
  const before = new Date();
  const id = newId("wfr");
  const after = new Date(Date.now() + 1);
  expect([firstIdOf("wfr", before) <= id, id < firstIdOf("wfr", after)]).toEqual([true, true]);
  expect(firstIdOf("wfr", new Date(0))).toBe(`wfr_${"0".repeat(26)}`);
});
