/** What a definition names must be there, and be of the right kind. */
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { faultOfTarget } from "../deliveries/fault-of-target.ts";
import { type Fault, Problem } from "../http/problem.ts";
import type { Definition } from "./definition.ts";
import type { Step, StepOf } from "./step-schema.ts";

/** @throws Problem `invalid_request` that names each field. */
export async function refuseUnknown(db: Kysely<DB>, projectId: string, definition: Definition): Promise<void> {
  const faults: Fault[] = [];
  const { trigger, steps } = definition;
  if ("segment_id" in trigger) {
    const detail = await faultOfSegment(db, projectId, trigger.segment_id, false);
    if (detail !== null) faults.push({ pointer: "/trigger/segment_id", detail });
  }
  if ("campaign_ids" in trigger && trigger.campaign_ids !== undefined) {
    const known = await readCampaigns(db, projectId, trigger.campaign_ids);
    trigger.campaign_ids.forEach((id, index) => {
      if (!known.has(id))
        faults.push({ pointer: `/trigger/campaign_ids/${index}`, detail: "There is no such campaign." });
    });
  }
  for (const [index, step] of steps.entries()) {
    const fault = await faultOfStep(db, projectId, step);
    if (fault !== null) faults.push({ pointer: `/steps/${index}/${fault.field}`, detail: fault.detail });
  }
  const [first] = faults;
  if (first !== undefined)
    throw new Problem("invalid_request", `${first.pointer}: ${first.detail}`, { errors: faults });
}

async function faultOfStep(
  db: Kysely<DB>,
  projectId: string,
  step: Step,
): Promise<{ readonly field: string; readonly detail: string } | null> {
  if (step.type === "publish_voucher") {
    const type = (await readCampaigns(db, projectId, [step.campaign_id])).get(step.campaign_id)?.type;
    if (type === "sub") return null;
    const detail = type === undefined ? "There is no such campaign." : "A main campaign has no vouchers.";
    return { field: "campaign_id", detail };
  }
  if (step.type === "gift_credit") return faultOfCredit(db, projectId, step);
  if (step.type === "deliver") {
    const target = { channelId: step.channel_id, templateId: step.template_id };
    return (await faultOfTarget(db, projectId, target)) ?? null;
  }
  if (step.type !== "add_to_segment" && step.type !== "remove_from_segment") return null;
  const detail = await faultOfSegment(db, projectId, step.segment_id, true);
  return detail === null ? null : { field: "segment_id", detail };
}

async function faultOfSegment(db: Kysely<DB>, projectId: string, id: string, changes: boolean): Promise<string | null> {
  const segment = await db
    .selectFrom("segment")
    .select("kind")
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("deleting_at", "is", null)
    .executeTakeFirst();
  if (segment === undefined) return "There is no such segment.";
  return changes && segment.kind !== "static" ? "Who is in a dynamic segment its rule says." : null;
}

async function faultOfCredit(db: Kysely<DB>, projectId: string, step: StepOf<"gift_credit">) {
  const campaign = (await readCampaigns(db, projectId, [step.campaign_id])).get(step.campaign_id);
  if (campaign?.type !== "sub" || campaign.template !== "gift_card") {
    return { field: "campaign_id", detail: "There is no such sub-campaign of the template gift_card." };
  }
  if (campaign.currency === step.currency) return null;
  return { field: "currency", detail: `The gift cards of that campaign are in ${campaign.currency}.` };
}

async function readCampaigns(db: Kysely<DB>, projectId: string, ids: readonly string[]) {
  const rows = await db
    .selectFrom("campaign")
    .select(["id", "type", "template", "currency"])
    .where("project_id", "=", projectId)
    .where("id", "in", ids)
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}
