/** The counter: checks and redeems by hand, through the verbs of /v1/validations and /v1/redemptions. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { z } from "zod";
import { guessLimits, refuseKnown } from "../../attempts/attempts.ts";
import { guesserOf } from "../../attempts/subjects.ts";
import type { Deps } from "../../deps.ts";
import { notFound, Problem } from "../../http/problem.ts";
import { makeAttempt } from "../../redemptions/answer-attempt.ts";
import { findRedemptionDetail, listRedemptions } from "../../redemptions/read.ts";
import { redeem } from "../../redemptions/redeem.ts";
import { rollBack } from "../../redemptions/roll-back.ts";
import { rollbackBody } from "../../redemptions/schemas.ts";
import { checkCodes } from "../../validations/check.ts";
import { asRequest, attemptOf, identityOf, newAttempt } from "../parts/attempt.tsx";
import { parsed } from "../parts/form.tsx";
import { minorOf } from "../parts/money.ts";
import { freshSheet, refusedSheet, type Sheet, textOf } from "../parts/sheet.ts";
import { type ConsoleEnv, type Form, readForm, requireScope, smallForm } from "../viewer.ts";
import { carried, checkBodyOf, redeemBodyOf } from "./basket.ts";
import { CounterPage, type Refused } from "./counter-page.tsx";
import { currenciesOf } from "./currencies.ts";
import { ReceiptPage, RedemptionsPage } from "./receipt-page.tsx";

/** The reader of codes is WebAssembly of ours, and asks for its file; nothing else of the console does either. */
const scannerPolicy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; media-src 'self' blob: mediastream:; " +
  "style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const withScanner: MiddlewareHandler<ConsoleEnv> = async (c, next) => {
  c.header("content-security-policy", scannerPolicy);
  await next();
};

const problemDocument = z.object({
  detail: z.string(),
  reasons: z.array(z.object({ voucher_code: z.string().optional(), message: z.string() })).default([]),
});
const madeDocument = z.object({ id: z.string() });

const perPage = 25;

export function mountRedeem(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  router.use("/console/redeem/*", requireScope("Redeeming", "checkout"), withScanner);
  router.use("/console/redemptions/*", requireScope("Redemptions", "checkout", "manage", "analytics"));

  router.get("/console/redeem", async (c) => {
    const { code, customer, currency } = c.req.query();
    const known = { "codes.0": code, "customer.identifier": customer, "order.currency": currency };
    return counter(c, { known });
  });

  async function counter(
    c: Context<ConsoleEnv>,
    shown: Partial<Parameters<typeof CounterPage>[0]>,
    status: Problem["status"] = 200,
  ): Promise<Response> {
    const currencies = await currenciesOf(deps.db, c.var.viewer.projectId);
    return c.html(<CounterPage viewer={c.var.viewer} currencies={currencies} {...shown} />, status);
  }

  /** The form as it was typed, each fault beside its field; anything but a Problem is a bug. */
  function typedAgain(c: Context<ConsoleEnv>, form: Form, error: unknown): Promise<Response> {
    if (!(error instanceof Problem) || error.status >= 500) throw error;
    return counter(c, { sheet: refusedSheet(form, error) }, error.status);
  }

  router.post("/console/redeem/check", smallForm, async (c) => {
    const form = await readForm(c);
    try {
      const body = checkBodyOf(form);
      const request = asRequest(c);
      const guesser = guesserOf(request, guessLimits(deps), body);
      await refuseKnown(deps, guesser);
      const result = await checkCodes(deps, request, body, guesser);
      const sheet: Sheet = { ...freshSheet, typed: form };
      return counter(c, { sheet, checked: { result, attempt: newAttempt(), carried: carried(form) } });
    } catch (error) {
      return typedAgain(c, form, error);
    }
  });

  router.post("/console/redeem", smallForm, async (c) => {
    const form = await readForm(c);
    try {
      const attempt = attemptOf(form);
      const body = redeemBodyOf(form, attempt);
      const identity = identityOf(attempt, "redeem", body);
      const answer = await makeAttempt(deps, asRequest(c), body, identity, (request) => redeem(deps, request));
      if (answer.status === 201) {
        const { id } = madeDocument.parse(JSON.parse(answer.body));
        return c.redirect(`/console/redemptions/${encodeURIComponent(id)}?done=redeemed`, 303);
      }
      const refused: Refused = problemDocument.parse(JSON.parse(answer.body));
      return counter(c, { sheet: { ...freshSheet, typed: form }, refused }, answer.status as Problem["status"]);
    } catch (error) {
      return typedAgain(c, form, error);
    }
  });

  router.get("/console/redemptions", async (c) => {
    const { code, customer, cursor } = c.req.query();
    const query = { code: code || undefined, customer: customer?.trim() || undefined };
    const page = await listRedemptions(deps.db, c.var.viewer.projectId, { ...query, cursor, limit: perPage });
    return c.html(<RedemptionsPage viewer={c.var.viewer} page={page} query={query} cursor={cursor} />);
  });

  async function receipt(
    c: Context<ConsoleEnv>,
    id: string,
    shown: { readonly sheet?: Sheet; readonly done?: string | undefined },
    status: Problem["status"] = 200,
  ): Promise<Response> {
    const redemption = await findRedemptionDetail(deps.db, c.var.viewer.projectId, id);
    if (!redemption) throw notFound("redemption");
    const page = <ReceiptPage viewer={c.var.viewer} redemption={redemption} attempt={newAttempt()} {...shown} />;
    return c.html(page, status);
  }

  router.get("/console/redemptions/:id", (c) => receipt(c, c.req.param("id"), { done: c.req.query("done") }));

  router.post("/console/redemptions/:id/rollback", smallForm, requireScope("Rollbacks", "checkout"), async (c) => {
    const id = c.req.param("id");
    const form = await readForm(c);
    const { projectId } = c.var.viewer;
    try {
      const attempt = attemptOf(form);
      const redemption = await findRedemptionDetail(deps.db, projectId, id);
      if (!redemption) throw notFound("redemption");
      const body = rollbackOf(form, redemption.order.currency);
      const { key, hash } = identityOf(attempt, "rollback", { id, ...body });
      const answer = await rollBack(deps, {
        projectId,
        redemptionId: id,
        what: body.amount === undefined ? { kind: "whole" } : { kind: "amount", amount: body.amount },
        reason: body.reason ?? null,
        idempotencyKey: key,
        requestHash: hash.toString("hex"),
        requestId: c.var.requestId,
      });
      if (answer.status === 201)
        return c.redirect(`/console/redemptions/${encodeURIComponent(id)}?done=rolled_back`, 303);
      const { detail } = problemDocument.parse(JSON.parse(answer.body));
      return receipt(
        c,
        id,
        { sheet: { ...freshSheet, typed: form, refused: detail } },
        answer.status as Problem["status"],
      );
    } catch (error) {
      if (!(error instanceof Problem) || error.code === "not_found" || error.status >= 500) throw error;
      return receipt(c, id, { sheet: refusedSheet(form, error) }, error.status);
    }
  });
}

/** @throws Problem 400 */
function rollbackOf(form: Form, currency: string) {
  const part = textOf(form, "what") === "amount";
  const amount = part ? (minorOf(textOf(form, "amount"), currency) ?? "") : undefined;
  const reason = textOf(form, "reason");
  return parsed(rollbackBody, { ...(part ? { amount } : {}), ...(reason === undefined ? {} : { reason }) });
}
