import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { describe, expect, it } from "vitest";
import type { Rule } from "../../../api/domain/rules/rule.ts";
import { type BatchLimits, nextSize, smallerSize } from "../../../api/segments/evaluate/batch-size.ts";
import { collect, TooManyCustomers, WarehouseBusy } from "../../../api/segments/evaluate/collect.ts";
import type { Definition } from "../../../api/segments/evaluate/definitions.ts";

const tooSlow = new ClickHouseError({ message: "Timeout exceeded", code: "159", type: "TIMEOUT_EXCEEDED" });

function definition(number: number, city: string, failedAt: Date | null = null): Definition {
  const rules: Rule = { on: "customer.attributes.city", op: "equals", value: city };
  const fixed = { version: 1, evaluatedVersion: 1, wholeAt: null, drifts: false };
  return { id: `seg_${number}`, number, rules, failedAt, ...fixed };
}

/** Everybody fits everything that is asked, where `answers` does not throw. */
function warehouse(answers: (values: readonly unknown[]) => void) {
  const asked: (readonly unknown[])[] = [];
  const client = {
    query: async ({ query_params }: { query_params: Record<string, unknown> }) => {
      const values = Object.values(query_params);
      asked.push(values.filter((value) => typeof value === "number"));
      answers(values);
      return { json: async () => [{ customer: "ada", numbers: values.filter((value) => typeof value === "number") }] };
    },
  } as unknown as ClickHouseClient;
  return { client, asked };
}

const surroundings = { now: 0, rfm: undefined, staticSegments: new Map<string, string>() };
const population = { projectId: "prj", after: "", upto: "z", since: null };
const few = { surroundings, population, canShrink: false };

const cities = Array.from({ length: 16 }, (_, n) => definition(n + 1, n === 10 ? "slow" : "Wien"));
const refuseSlow = (values: readonly unknown[]) => {
  if (values.includes("slow")) throw tooSlow;
};

describe("a question that the warehouse refuses", () => {
  it("is asked of fewer customers first: nobody is at fault yet", async () => {
    const { client, asked } = warehouse(refuseSlow);
    await expect(collect(client, cities, { ...few, canShrink: true })).rejects.toThrow(TooManyCustomers);
    expect(asked.length).toBe(1);
  });

  it("fails the one segment that is too much, and answers all others", async () => {
    const { client } = warehouse(refuseSlow);
    const { fits, failed } = await collect(client, cities, few);
    expect(failed.map(({ definition: { number }, refusal }) => [number, refusal])).toEqual([[11, "too_slow"]]);
    const others = cities.map(({ number }) => number).filter((number) => number !== 11);
    expect([...(fits.get("ada") ?? [])].sort((a, b) => a - b)).toEqual(others);
  });

  it("fails nobody when the warehouse answers nothing at all", async () => {
    const { client } = warehouse(() => {
      throw tooSlow;
    });
    await expect(collect(client, cities, few)).rejects.toThrow(WarehouseBusy);
  });

  it("is asked alone when it was refused before, so that the others are asked once", async () => {
    const { client, asked } = warehouse(refuseSlow);
    const suspect = definition(11, "slow", new Date(0));
    const { failed } = await collect(client, [...cities.filter(({ number }) => number !== 11), suspect], few);
    expect(failed.length).toBe(1);
    // All others, the suspect, and a question that asks nothing.
    expect(asked.map((numbers) => numbers.length)).toEqual([15, 1, 1]);
  });

  it("is no rule's fault when the warehouse is away, or out of memory for everybody", async () => {
    const memory = { message: "(total) memory limit exceeded", code: "241", type: "MEMORY_LIMIT_EXCEEDED" };
    for (const error of [new Error("connect ECONNREFUSED"), new ClickHouseError(memory)]) {
      const { client } = warehouse(() => {
        throw error;
      });
      await expect(collect(client, cities, few)).rejects.toBe(error);
    }
  });
});

describe("how many customers a question is about", () => {
  const limits: BatchLimits = { first: 20_000, least: 1_000, most: 100_000 };

  it("follows how long the last one took, in steps of two", () => {
    expect(nextSize(20_000, 10, limits)).toBe(40_000);
    expect(nextSize(20_000, 2_500, limits)).toBe(24_000);
    expect(nextSize(20_000, 20_000, limits)).toBe(10_000);
    expect(nextSize(80_000, 10, limits)).toBe(100_000);
    expect(nextSize(1_200, 60_000, limits)).toBe(1_000);
  });

  it("is a quarter after one that was too much, down to the least", () => {
    expect([20_000, 5_000, 1_100, 1_000].map((size) => smallerSize(size, limits))).toEqual([
      5_000,
      1_250,
      1_000,
      undefined,
    ]);
  });
});
