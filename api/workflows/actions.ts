/** What the steps of a run do. All of it is of the transaction that writes it down. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { enqueueDelivery } from "../deliveries/enqueue.ts";
import { movePoints } from "../points/move.ts";
import { publishFromCampaign } from "../publications/publish-from-campaign.ts";
import { enterList, leaveList } from "../segments/members.ts";
import type { ActionContext, ActionOutcome } from "./action.ts";
import { cappedBy, lockCaps } from "./caps.ts";
import { quietUntil, zoneOf } from "./clock.ts";
import { creditCard } from "./gift-credit.ts";
import type { RunRow } from "./runs.ts";
import { StepFailure } from "./step-failure.ts";
import type { Action, StepOf } from "./step-schema.ts";
import { variablesOf } from "./variables.ts";

/**
 * @throws StepFailure when it cannot be done as things are; the transaction is to be rolled back then, as after any other
 * error.
 */
export function act(tx: Transaction<DB>, step: Action, context: ActionContext): Promise<ActionOutcome> {
  switch (step.type) {
    case "publish_voucher":
      return publish(tx, step, context);
    case "points":
      return givePoints(tx, step, context);
    case "gift_credit":
      return creditCard(tx, step, context);
    case "deliver":
      return deliver(tx, step, context);
    case "add_to_segment":
    case "remove_from_segment":
      return moveInSegment(tx, step, context);
  }
}

const dayMs = 86_400_000;

/** One for each step of each run: whoever does it again gets what was done first. */
function sourceOf({ run }: ActionContext): string {
  return `workflow:${run.id}:${run.position}`;
}

async function publish(
  tx: Transaction<DB>,
  step: StepOf<"publish_voucher">,
  context: ActionContext,
): Promise<ActionOutcome> {
  const { run, person, at } = context;
  const input = {
    campaignId: step.campaign_id,
    customer: { identifier: person.identifier },
    sourceId: sourceOf(context),
    channel: "workflow",
  };
  const published = await publishFromCampaign(tx, run.project_id, input, at);
  if (published.outcome === "refused") {
    const { reason } = published;
    if (reason === "in_holdout" || reason === "customer_blocked") {
      return { outcome: "withheld", reason, detail: { person_id: person.id } };
    }
    throw new StepFailure(reason, reason !== "out_of_stock");
  }
  const { id, voucher_id } = published.publication;
  return {
    outcome: "done",
    detail: {
      publication_id: id,
      campaign_id: step.campaign_id,
      ...(voucher_id && { voucher_id }),
      person_id: person.id,
    },
  };
}

async function givePoints(tx: Transaction<DB>, step: StepOf<"points">, context: ActionContext): Promise<ActionOutcome> {
  const { run, person, at } = context;
  if (person.blocked) return { outcome: "withheld", reason: "customer_blocked" };
  const days = step.expires_in_days;
  const moved = await movePoints(tx, run.project_id, {
    customerId: person.id,
    points: step.points,
    kind: "earned",
    reason: "workflow",
    referenceId: run.id,
    expiresAt: days === undefined ? null : new Date(at.getTime() + days * dayMs),
    at,
  });
  if (moved.outcome !== "moved") throw new Error("points could not be given");
  return { outcome: "done", detail: { points: step.points, balance: moved.balance, person_id: person.id } };
}

async function deliver(tx: Transaction<DB>, step: StepOf<"deliver">, context: ActionContext): Promise<ActionOutcome> {
  const { run, settings, person, at } = context;
  const until = quietUntil(at, settings.quiet_hours, zoneOf(settings, person.attributes));
  if (until !== null) return { outcome: "later", until, reason: "quiet_hours" };
  const given = await lastGiven(tx, run, person.id);
  if (given === "withheld") return { outcome: "withheld", reason: "nothing_to_deliver" };
  await lockCaps(tx, run.project_id, person.id);
  const asked = { projectId: run.project_id, workflowId: run.workflow_id, customerId: person.id, cap: settings.cap };
  const capped = await cappedBy(tx, asked, at);
  if (capped !== null) return { outcome: "withheld", reason: capped };
  const ordered = await enqueueDelivery(
    tx,
    run.project_id,
    {
      channelId: step.channel_id,
      templateId: step.template_id,
      customerId: person.id,
      variables: { ...variablesOf(run.trigger), ...given?.variables },
      ...(given?.publicationId !== undefined && { publicationId: given.publicationId }),
      workflowRunId: run.id,
      sourceId: sourceOf(context),
    },
    at,
  );
  const detail = { delivery_id: ordered.id, channel_id: step.channel_id, person_id: person.id };
  if (ordered.status === "queued") return { outcome: "done", detail };
  return { outcome: "withheld", reason: ordered.reason ?? "skipped", detail };
}

/** What a delivery brings: a publication, or what is to be said of a voucher that is theirs without one. */
interface Brought {
  readonly publicationId?: string;
  readonly variables?: Readonly<Record<string, object>>;
}

/**
 * What a delivery brings: what the run gave this person last, else the voucher that the run is about.
 * "withheld" when the run was to give this person one and did not, or when it went back because another message about it
 * did not arrive, or is somebody else's by now: there is nothing to tell of then. Until the delivery is ordered nothing goes back.
 */
async function lastGiven(tx: Kysely<DB>, run: RunRow, personId: string): Promise<Brought | "withheld" | undefined> {
  const last = await tx
    .selectFrom("workflow_run_entry")
    .select(["kind", "outcome", "detail"])
    .where("project_id", "=", run.project_id)
    .where("run_id", "=", run.id)
    .where("kind", "in", ["publish_voucher", "gift_credit"])
    .where("outcome", "in", ["done", "withheld"])
    .where(sql<boolean>`detail ->> 'person_id' = ${personId}`)
    .orderBy("entry", "desc")
    .executeTakeFirst();
  if (last?.outcome === "withheld") return "withheld";
  // The card that was credited may have been theirs before: it is told of as it came to them, and never goes back.
  if (last?.kind === "gift_credit") {
    const cardId = String(last.detail.voucher_id);
    const { open } = await publicationsOf(tx, run, cardId, personId);
    return open === undefined ? sayVoucher(tx, run.project_id, cardId, personId) : { publicationId: open };
  }
  if (last !== undefined) {
    const given = await tx
      .selectFrom("publication")
      .select(["id", "status"])
      .where("project_id", "=", run.project_id)
      .where("id", "=", String(last.detail.publication_id))
      .forShare()
      .executeTakeFirst();
    return given === undefined || given.status === "failed" ? "withheld" : { publicationId: given.id };
  }
  const isAbout = run.trigger.type === "voucher.published" || run.trigger.type === "voucher.expiring";
  const voucherId = run.trigger.voucherIds.at(-1);
  if (!isAbout || voucherId === undefined) return undefined;
  const { count, open } = await publicationsOf(tx, run, voucherId, personId);
  if (count > 0) return open === undefined ? "withheld" : { publicationId: open };
  const said = await sayVoucher(tx, run.project_id, voucherId, personId);
  // Nobody is reminded of what was assigned to somebody else since.
  return said ?? (run.trigger.type === "voucher.expiring" ? "withheld" : undefined);
}

/**
 * A voucher that was made or imported for somebody, or assigned to them, has no publication: the message says what there
 * is to say of it. Undefined when it is not theirs.
 */
async function sayVoucher(
  tx: Kysely<DB>,
  projectId: string,
  voucherId: string,
  personId: string,
): Promise<Brought | undefined> {
  const row = await tx
    .selectFrom("voucher as v")
    .innerJoin("campaign as c", (join) =>
      join.onRef("c.project_id", "=", "v.project_id").onRef("c.id", "=", "v.campaign_id"),
    )
    .select(["v.code", "v.kind", "v.expires_at", "v.balance_amount"])
    .select(["c.id", "c.name", "c.currency", "c.customer_information", "c.ends_at"])
    .where("v.project_id", "=", projectId)
    .where("v.id", "=", voucherId)
    .where("v.customer_id", "=", personId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { code, kind, expires_at, balance_amount, currency, ends_at, ...campaign } = row;
  return {
    variables: {
      voucher: { code, kind, expires_at: expires_at?.toISOString() ?? null, balance_amount, currency },
      campaign: { ...campaign, currency, ends_at: ends_at?.toISOString() ?? null },
    },
  };
}

/** How often a voucher was given to this person, and the last time that did not fail. Until the end nothing goes back. */
async function publicationsOf(tx: Kysely<DB>, run: RunRow, voucherId: string, personId: string) {
  const publications = await tx
    .selectFrom("publication")
    .select(["id", "status"])
    .where("project_id", "=", run.project_id)
    .where("voucher_id", "=", voucherId)
    .where("customer_id", "=", personId)
    .orderBy("published_at", "desc")
    .forShare()
    .execute();
  return { count: publications.length, open: publications.find(({ status }) => status !== "failed")?.id };
}

async function moveInSegment(
  tx: Transaction<DB>,
  step: StepOf<"add_to_segment"> | StepOf<"remove_from_segment">,
  { run, person, at }: ActionContext,
): Promise<ActionOutcome> {
  const move = step.type === "add_to_segment" ? enterList : leaveList;
  const changed = await move(tx, run.project_id, step.segment_id, [person.identifier], at);
  return { outcome: "done", detail: { segment_id: step.segment_id, changed, person_id: person.id } };
}
