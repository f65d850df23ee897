import { describe, expect, it } from "vitest";
import { assumptions, type Costs, plan } from "../../../bench/scale-plan.ts";
import { scaleTables } from "../../../bench/scale-tables.ts";

const call = { api: 0.002, postgres: 0.001, walBytes: 2_000, databaseBytes: 500 };
const costs: Costs = {
  calls: { validation: call, redemption: call, order: call },
  relay: 50e-6,
  postgresOfRelay: 10e-6,
  clickhouseInsert: 40e-6,
  outboxBytes: 1_000,
  clickhouseBytes: 150,
};

describe("a plan", () => {
  it("is the costs times the rate, at the utilisation that was chosen", () => {
    const one = plan(costs, 1_000);
    expect(one.eventsPerSecond).toBe(3_000);
    expect(one.apiCores).toBeCloseTo((1_000 * 0.006) / 0.6);
    expect(one.postgresCores).toBeCloseTo((1_000 * 0.003 + 3_000 * 10e-6) / 0.6);
    expect(one.relayCores).toBeCloseTo((3_000 * 50e-6) / 0.6);
    expect(one.walBytesPerSecond).toBeCloseTo(6_000_000);
    expect(one.eventsPerYear).toBeCloseTo(3_000 * assumptions.meanOfPeak * 365 * 86_400);
    expect(one.clickhouseBytesPerYear).toBeCloseTo(one.eventsPerYear * 150);
    expect(one.outboxBytes).toBeCloseTo(3_000 * 0.25 * 86_400 * 7 * 1_000);
  });

  it("is one machine where nothing is half full, and names what is full first where it is", () => {
    expect(plan(costs, 10)).toMatchObject({ postgresInstances: 1, shards: 1, bottleneck: "none: one machine" });
    const many = plan(costs, 50_000);
    expect(many.relayCores).toBeCloseTo(12.5);
    expect(many.postgresInstances).toBe(Math.ceil((50_000 * 0.25 * 365 * 86_400 * 1_500) / 10e12));
    expect(many.bottleneck).toMatch(/^PostgreSQL's disk \(\d+ % of one instance\)$/);
    expect(many.shards).toBe(Math.ceil((many.clickhouseBytesPerYear * 2) / 2e12));
  });

  it("asks for a relay's core each where those are what is full", () => {
    const small = { ...call, databaseBytes: 0, postgres: 0, walBytes: 0 };
    const busy = plan({ ...costs, calls: { validation: small, redemption: small, order: small } }, 50_000);
    expect(busy.postgresInstances).toBe(13);
    expect(busy.bottleneck).toMatch(/^the relay's one core/);
  });

  it("is written as tables with a column for each rate", () => {
    const text = scaleTables(costs, [plan(costs, 10), plan(costs, 50_000)], {
      callers: 1,
      seconds: 1,
      events: 1,
      history: 1,
    });
    expect(text).toContain("| at the peak | 10/s | 50,000/s |");
    expect(text).toContain("| validation | 2.00 | 1.00 | 2 kB | 500 B |");
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  });
});
