/**
 * Decisions that stay as they are. Each file holds facts and what was decided on them; a change of the domain that
 * alters one is a change for every shop, so the file is changed with it, by hand and on purpose.
 */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { decide } from "../../../api/domain/decide.ts";
import type { Decision } from "../../../api/domain/decision.ts";
import type { Facts, OnRollback } from "../../../api/domain/facts.ts";
import { factsOfRest } from "../../../api/domain/rest.ts";
import { planRollback, type RollbackRequest } from "../../../api/domain/rollback.ts";
import { redeemedOf } from "./redeemed.ts";

interface Golden {
  readonly says: string;
  readonly facts: Facts;
  readonly decision: Decision;
  /** What a first rollback of such a redemption gives back. */
  readonly rollbacks?: readonly {
    readonly policy: OnRollback;
    readonly request: RollbackRequest;
    readonly plan: ReturnType<typeof planRollback>;
  }[];
}

const folder = new URL("./golden/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));

it("has a corpus", () => {
  expect(files.length).toBeGreaterThanOrEqual(14);
});

function read(name: string): Golden {
  return JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Golden;
}

it.each(files)("%s is decided as it always was", (name) => {
  const { facts, decision } = read(name);
  expect(decide(facts)).toEqual(decision);
});

it.each(files.filter((name) => read(name).rollbacks !== undefined))("%s is rolled back as it always was", (name) => {
  const { facts, decision, rollbacks = [] } = read(name);
  for (const { policy, request, plan } of rollbacks) {
    const again = (quantities: readonly number[]) => decide(factsOfRest(facts, quantities));
    expect(planRollback(redeemedOf(facts, decision, policy), request, again)).toEqual(plan);
  }
});
