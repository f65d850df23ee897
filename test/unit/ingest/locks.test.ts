import { expect, it } from "vitest";
import * as locks from "../../../ingest/locks.ts";

it("no two advisory locks share a number, or one part of the service would wait for another", () => {
  const numbers = Object.values(locks);
  expect(numbers.length).toBeGreaterThan(10);
  expect(new Set(numbers).size).toBe(numbers.length);
});
