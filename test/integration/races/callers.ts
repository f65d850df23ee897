/** How many callers press the button together; `npm run races` takes 1,000. */
import { expect } from "vitest";
import type { TestProject } from "../../support/app.ts";
import type { RawAnswer } from "../../support/caller.ts";
import type { Fleet } from "../../support/fleet.ts";

export const callers = Number(process.env.RACE_CALLERS ?? 200);
export const timeoutMs = 60_000 + 200 * callers;

export function everybody<T>(call: (caller: number) => Promise<T>, count: number = callers): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, caller) => call(caller)));
}

export function redeemAll(
  fleet: Fleet,
  project: TestProject,
  bodyOf: (caller: number) => object,
  keyPrefix = "race",
): Promise<RawAnswer[]> {
  return everybody((caller) =>
    fleet.send(project, {
      method: "POST",
      path: "/v1/redemptions",
      body: bodyOf(caller),
      idempotencyKey: `${keyPrefix}-${caller}`,
    }),
  );
}

/** The answers that took something. Everybody else was refused in order: nobody met an error. */
export function accepted(answers: readonly RawAnswer[]): RawAnswer[] {
  const unexpected = answers.filter(({ status }) => status !== 201 && status !== 422 && status !== 409);
  expect(new Set(unexpected.map(({ status, text }) => `${status} ${JSON.parse(text).detail}`))).toEqual(new Set());
  return answers.filter(({ status }) => status === 201);
}

/** Why the others were refused, each reason once. */
export function reasonsOf(answers: readonly RawAnswer[]): string[] {
  const keys = answers
    .filter(({ status }) => status === 422)
    .flatMap(({ text }) => JSON.parse(text).reasons.map((reason: { key: string }) => reason.key));
  return [...new Set<string>(keys)].sort();
}

export function discountOf(answers: readonly RawAnswer[]): number {
  return answers.reduce((sum, { text }) => sum + JSON.parse(text).discount_amount, 0);
}
