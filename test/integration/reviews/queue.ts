/** A shop whose attempts are as suspect as a test wants, and their reviews. */
import { expect } from "vitest";
import { reviewConsumer } from "../../../api/reviews/open.ts";
import { drainConsumer } from "../../../ingest/consumer.ts";
import { type Body, send } from "../../support/answers.ts";
import type { TestProject } from "../../support/app.ts";
import { type Promotion, redeemBody, setUpPromotion } from "../../support/promotions.ts";
import { type ScoredApp, setPolicy } from "../risk/scored-app.ts";

type Caller = Pick<TestProject, "request">;

let orders = 0;

export interface Suspect {
  readonly project: TestProject;
  readonly promotion: Promotion;
}

export async function openSuspectShop(
  app: ScoredApp,
  change: Parameters<typeof setUpPromotion>[1] = {},
): Promise<Suspect> {
  const project = await app.newProject();
  await setPolicy(project, null, { flag: 0.9 });
  return { project, promotion: await setUpPromotion(project, change) };
}

/** @returns the answer of a redemption with this score. */
export async function redeemAs(
  app: ScoredApp,
  { project, promotion }: Suspect,
  given: {
    readonly score: number;
    readonly customer?: string;
    readonly codes?: readonly string[];
    readonly order?: object;
  },
): Promise<{ status: number; body: Body }> {
  orders += 1;
  app.score(project, given.score);
  const body = redeemBody({
    codes: given.codes ?? [promotion.code],
    orderId: `order-${orders}`,
    ...(given.customer === undefined ? {} : { customer: given.customer }),
    ...(given.order === undefined ? {} : { order: given.order }),
  });
  return send(project, "POST", "/v1/redemptions", body, { "idempotency-key": `redeem-${orders}` });
}

/** Everything announced so far has opened, changed or closed its review. */
export async function follow(app: ScoredApp): Promise<void> {
  await drainConsumer(reviewConsumer({ db: app.db, log: app.deps.log }));
}

export async function listOf(caller: Caller, query = ""): Promise<Body[]> {
  const { status, body } = await send(caller, "GET", `/v1/reviews?limit=100${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data;
}

/** The one review that the project has. */
export async function onlyReview(app: ScoredApp, caller: Caller): Promise<Body> {
  await follow(app);
  const reviews = await listOf(caller);
  expect(reviews).toHaveLength(1);
  return reviews[0];
}

export async function decide(caller: Caller, id: string, decision: object): Promise<{ status: number; body: Body }> {
  return send(caller, "POST", `/v1/reviews/${id}/decision`, decision);
}

export async function usageOf({ project, promotion }: Suspect): Promise<Body> {
  return (await send(project, "GET", `/v1/campaigns/${promotion.campaignId}`)).body.usage;
}
