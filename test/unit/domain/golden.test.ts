/**
 * Decisions that stay as they are. Each file holds facts and what was decided on them; a change of the domain that
 * alters one is a change for every shop, so the file is changed with it, by hand and on purpose.
 */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { decide } from "../../../api/domain/decide.ts";
import type { Decision } from "../../../api/domain/decision.ts";
import type { Facts } from "../../../api/domain/facts.ts";

interface Golden {
  readonly says: string;
  readonly facts: Facts;
  readonly decision: Decision;
}

const folder = new URL("./golden/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));

it("has a corpus", () => {
  expect(files.length).toBeGreaterThanOrEqual(6);
});

it.each(files)("%s is decided as it always was", (name) => {
  const { facts, decision } = JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Golden;
  expect(decide(facts)).toEqual(decision);
});
