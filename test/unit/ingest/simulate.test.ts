import { expect, it } from "vitest";
import { attackNames } from "../../../ingest/simulate/acts.ts";
import { parseArguments } from "../../../ingest/simulate/arguments.ts";
import { measure } from "../../../ingest/simulate/measure.ts";
import type { Attempt } from "../../../ingest/simulate/perform.ts";
import { planSeason } from "../../../ingest/simulate/plan.ts";
import { describe as report } from "../../../ingest/simulate/report.ts";
import { roundsOf } from "../../../ingest/simulate/rounds.ts";

const endsAt = Date.parse("2026-06-01T00:00:00Z");
const options = { seed: 5, customers: 300, days: 10, fraudShare: 0.1, endsAt };

it("plans the same season from the same seed, and another from another", () => {
  const plan = planSeason(options);
  expect(planSeason(options).acts).toEqual(plan.acts);
  expect(planSeason({ ...options, seed: 6 }).acts).not.toEqual(plan.acts);
});

it("plays every pattern, at the share of fraud that was asked for", () => {
  const { acts } = planSeason({ ...options, customers: 1_500 });
  const withCode = acts.filter((act) => act.kind === "checkout" && act.code !== null);
  const fraudulent = withCode.filter(({ attack }) => attack !== null);
  expect(new Set(fraudulent.map(({ attack }) => attack))).toEqual(new Set(attackNames));
  const share = fraudulent.length / (withCode.length - fraudulent.length);
  expect(share).toBeGreaterThan(0.08);
  expect(share).toBeLessThan(0.14);
});

it("has nobody order before they sign up, nothing refunded before it is bought, and nothing after the season", () => {
  const { acts } = planSeason(options);
  const known = new Set<string>();
  const bought = new Set<string>();
  for (const act of acts) {
    expect(act.at).toBeLessThan(endsAt);
    if (act.kind === "sign_up") known.add(act.customer);
    else expect(known).toContain(act.customer);
    if (act.kind === "checkout") bought.add(act.orderId);
    if (act.kind === "refund") expect(bought).toContain(act.orderId);
  }
  const orders = acts.filter(({ kind }) => kind === "checkout").map((act) => ("orderId" in act ? act.orderId : ""));
  expect(new Set(orders).size).toBe(orders.length);
});

it("plays every act once, and no two deeds of one actor in one round", () => {
  const { acts } = planSeason(options);
  const rounds = [...roundsOf(acts)];
  expect(rounds.flatMap((round) => round.acts)).toHaveLength(acts.length);
  expect(new Set(rounds.flatMap((round) => round.acts)).size).toBe(acts.length);
  const last = new Map<string, number>();
  for (const round of rounds) {
    expect(new Set(round.acts.map(({ actor }) => actor)).size).toBe(round.acts.length);
    for (const { actor, at } of round.acts) {
      expect(at).toBeGreaterThanOrEqual(last.get(actor) ?? 0);
      last.set(actor, at);
    }
  }
});

const attempt: Attempt = {
  at: endsAt,
  attack: null,
  episode: null,
  isRealCode: true,
  outcome: "redeemed",
  subject: "red_0",
  discountAmount: 500,
  action: "allow",
};

it("tells what was found at once, later and never, and honest custom that was flagged", () => {
  const minute = 60_000;
  const leak = (nth: number, action: string): Attempt => {
    const subject = `red_leak_${nth}`;
    return { ...attempt, at: endsAt + nth * minute, attack: "leaked_code", episode: "leak-1", subject, action };
  };
  const unseen = { ...attempt, attack: "self_referral", episode: "self-1", subject: "red_self" } as const;
  const honest = [0, 1, 2, 3].map((nth) => ({
    ...attempt,
    subject: `red_${nth}`,
    action: nth === 0 ? "flag" : "allow",
  }));
  const measured = measure(
    [...honest, leak(0, "allow"), leak(1, "allow"), leak(2, "flag"), leak(3, "hold"), unseen],
    new Map([["red_leak_0", { origin: "late", at: endsAt + 60 * minute }]]),
  );
  expect(measured.attacks.get("leaked_code")).toEqual({
    episodes: 1,
    episodesFound: 1,
    episodesFoundAtOnce: 1,
    attempts: 4,
    redeemed: 4,
    flaggedAtOnce: 2,
    flagged: 3,
    braked: 0,
    missedBefore: 2,
    minutesToDetection: 2,
    discountAmount: 2_000,
    flaggedAmount: 1_500,
  });
  expect(measured.attacks.get("self_referral")).toMatchObject({ episodes: 1, episodesFound: 0, missedBefore: null });
  expect(measured.honest).toMatchObject({ redeemed: 4, flaggedAtOnce: 1, flagged: 1 });
  expect(measured.fraudShare).toBeCloseTo(5 / 9);
  expect(report(measured)).toMatch(/redemptions\s+\| 4\s+\| 2500\s+\| 2500/);
});

it("keeps the seeds of tuning and of reporting apart", () => {
  expect(parseArguments([]).seed).toBe(1_000);
  expect(parseArguments(["--purpose", "tune", "--seed", "999"]).seed).toBe(999);
  expect(() => parseArguments(["--purpose", "tune", "--seed", "1000"])).toThrow("from 1 to 999");
  expect(() => parseArguments(["--seed", "7"])).toThrow("from 1000");
  expect(() => parseArguments(["--purpose", "tune", "--write"])).toThrow("tuning seeds prove nothing");
  expect(() => parseArguments(["--fraud", "0.9"])).toThrow("--fraud");
});
