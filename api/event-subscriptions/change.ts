/** Makes, changes and tests subscriptions to events. */
import type { Transaction } from "kysely";
import type { z } from "zod";
import type { DB } from "../db/tables.ts";
import type { Deps } from "../deps.ts";
import type { Auth } from "../http/environment.ts";
import { invalid, notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { faultOfUrl } from "../outbound/url.ts";
import { SealError } from "../secrets/seal.ts";
import { openSecrets, post, type Secrets, secretPlace } from "./attempt.ts";
import { messageBody } from "./body.ts";
import {
  countSubscriptions,
  deleteSubscriptionRow,
  findSubscription,
  insertSubscription,
  lockSubscription,
  type SubscriptionRow,
  updateSubscription,
} from "./queries.ts";
import type { subscriptionBody, subscriptionPatch, testWire } from "./schemas.ts";
import { newSecret } from "./sign.ts";
import { everyType, faultOfPattern } from "./types.ts";

type Writer = Pick<Auth, "projectId" | "scopes">;
type Body = z.output<typeof subscriptionBody>;
type Secured = Pick<Deps, "sealer" | "outbound">;

const subscriptionsMax = 50;

export async function createSubscription(
  tx: Transaction<DB>,
  { sealer, outbound }: Secured,
  auth: Writer,
  body: Body,
  at: Date,
): Promise<{ row: SubscriptionRow; secret: string }> {
  checkRisk(auth, body.with_risk);
  checkUrl(body.url, outbound);
  const types = readTypes(body.types, body.with_risk);
  if ((await countSubscriptions(tx, auth.projectId)) >= subscriptionsMax) {
    throw new Problem("conflict", `A project has at most ${subscriptionsMax} event subscriptions.`);
  }
  const id = newId("esb");
  const secret = newSecret();
  const row = await insertSubscription(tx, {
    project_id: auth.projectId,
    id,
    url: body.url,
    types,
    campaign_ids: body.filter?.campaign_ids ?? null,
    with_risk: body.with_risk,
    description: body.description,
    status: "active",
    secret: sealer.seal(secret, secretPlace(auth.projectId, id)),
    created_at: at,
    updated_at: at,
  });
  return { row, secret };
}

export async function changeSubscription(
  tx: Transaction<DB>,
  { outbound }: Secured,
  auth: Writer,
  id: string,
  patch: z.output<typeof subscriptionPatch>,
  at: Date,
): Promise<SubscriptionRow> {
  const before = await lockForChange(tx, auth, id);
  if (patch.url !== undefined) checkUrl(patch.url, outbound);
  const isEnabled = patch.status === "active" && before.status !== "active";
  return updateSubscription(tx, auth.projectId, id, {
    ...(patch.url === undefined ? {} : { url: patch.url }),
    ...(patch.types === undefined ? {} : { types: readTypes(patch.types, before.with_risk) }),
    ...(patch.filter === undefined ? {} : { campaign_ids: patch.filter?.campaign_ids ?? null }),
    ...(patch.description === undefined ? {} : { description: patch.description }),
    // It has five days again from its next failure on.
    ...(isEnabled ? { status: "active", disabled_because: null, failing_since: null } : {}),
    ...(patch.status === "disabled" && before.status !== "disabled"
      ? { status: "disabled", disabled_because: "by_hand" as const }
      : {}),
    updated_at: at,
  });
}

export async function deleteSubscription(tx: Transaction<DB>, auth: Writer, id: string): Promise<void> {
  await lockForChange(tx, auth, id);
  await deleteSubscriptionRow(tx, auth.projectId, id);
}

export async function rotateSecret(
  tx: Transaction<DB>,
  { sealer }: Secured,
  auth: Writer,
  id: string,
  graceSeconds: number,
  at: Date,
): Promise<{ row: SubscriptionRow; secret: string }> {
  const before = await lockForChange(tx, auth, id);
  const secret = newSecret();
  const row = await updateSubscription(tx, auth.projectId, id, {
    secret: sealer.seal(secret, secretPlace(auth.projectId, id)),
    secret_before: graceSeconds === 0 ? null : before.secret,
    secret_before_until: graceSeconds === 0 ? null : new Date(at.getTime() + graceSeconds * 1_000),
    updated_at: at,
  });
  return { row, secret };
}

/** Sends one message that is no event, at once and once. A subscription that is disabled can be tested too. */
export async function testSubscription(
  deps: Pick<Deps, "db" | "sealer" | "outbound">,
  auth: Writer,
  id: string,
  at: Date,
): Promise<z.output<typeof testWire>> {
  const row = await findSubscription(deps.db, auth.projectId, id);
  if (row === undefined) throw notFound("event subscription");
  const message = {
    id: newId("evt"),
    at,
    body: "",
  };
  const body = messageBody(message.id, "subscription.test", at, { subscription_id: id });
  const secrets = secretsOrConflict(deps.sealer, { ...row, subscription_id: id }, at);
  const { result, note } = await post(deps, row.url, secrets, { ...message, body });
  return {
    delivered: result === "delivered",
    status: note.status ?? null,
    reason: note.reason ?? null,
    duration_ms: note.duration_ms ?? 0,
    answer: note.answer ?? null,
  };
}

/** @throws Problem 409 */
function secretsOrConflict(sealer: Deps["sealer"], row: Secrets, at: Date): string[] {
  try {
    return openSecrets(sealer, row, at);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new Problem(
      "conflict",
      "The secret of this subscription cannot be read: the key that it was sealed with is missing. Rotate the secret, or " +
        "give the process the key again (TESSERA_SECRETS_KEY).",
    );
  }
}

/** @throws Problem 404, or 403 for one that tells of risk and a key that may not review. */
export async function lockForChange(tx: Transaction<DB>, auth: Writer, id: string): Promise<SubscriptionRow> {
  const row = await lockSubscription(tx, auth.projectId, id);
  if (row === undefined) throw notFound("event subscription");
  checkRisk(auth, row.with_risk);
  return row;
}

/**
 * The same for who sends its events again and changes nothing of it: whoever writes attempts down has those rows first
 * and the subscription after them (`settle.ts`), so that to hold it here would be the other way round.
 */
export async function findForChange(tx: Transaction<DB>, auth: Writer, id: string): Promise<SubscriptionRow> {
  const row = await findSubscription(tx, auth.projectId, id);
  if (row === undefined) throw notFound("event subscription");
  checkRisk(auth, row.with_risk);
  return row;
}

function checkRisk(auth: Writer, withRisk: boolean): void {
  if (!withRisk || auth.scopes.includes("review")) return;
  throw new Problem("scope_missing", "A subscription with_risk needs a key with the scope review.", {
    extensions: { required_scopes: ["review"] },
  });
}

function checkUrl(url: string, outbound: Deps["outbound"]): void {
  const fault = faultOfUrl(url, outbound);
  if (fault !== undefined) throw invalid("/url", `The URL ${fault}.`);
}

function readTypes(types: Body["types"], withRisk: boolean): string[] {
  if (types === "all") return [everyType];
  types.forEach((type, at) => {
    const fault = faultOfPattern(type, withRisk);
    if (fault !== undefined || type === everyType) throw invalid(`/types/${at}`, fault ?? 'Say "all" instead.');
  });
  return [...new Set(types)];
}
