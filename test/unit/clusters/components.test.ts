import { expect, it } from "vitest";
import { Components } from "../../../api/clusters/components.ts";

it("joins whoever a chain joins, in any order, beyond the room it began with", () => {
  const components = new Components();
  const size = 5_000;
  // Every third with every third: first the links from even ones, then, from the other end, those from odd ones.
  for (let at = 0; at + 3 < size; at += 2) components.unite(`${at}`, `${at + 3}`);
  for (let at = size - 1; at >= 0; at -= 2) if (at + 3 < size) components.unite(`${at + 3}`, `${at}`);
  components.unite("alone", "alone");
  const groups = components.list();
  expect(groups.map((group) => group.length).sort((a, b) => a - b)).toEqual([1, 1_666, 1_667, 1_667]);
  for (const group of groups.filter(([name]) => name !== "alone")) {
    expect(new Set(group.map((name) => Number(name) % 3)).size).toBe(1);
  }
  expect(components.size).toBe(size + 1);
});
