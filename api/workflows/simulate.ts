/** What a run would do, step by step, without doing it. Facts are those of now. */
import type { Kysely } from "kysely";
import { adapterOf } from "../channels/adapters.ts";
import { findChannel } from "../channels/find.ts";
import type { DB } from "../db/tables.ts";
import { permitDelivery } from "../deliveries/permit.ts";
import { isInGlobalHoldout, isWithheld } from "../domain/holdout.ts";
import { findTemplate } from "../templates/find.ts";
import { nextAt, quietUntil, zoneOf } from "./clock.ts";
import type { Definition } from "./definition.ts";
import { type Customer, meets } from "./facts.ts";
import { type Action, type StepOf, waitMs } from "./step-schema.ts";
import type { Occurrence } from "./trigger-match.ts";

export interface SimulatedStep {
  readonly position: number;
  readonly type: string;
  readonly outcome: "done" | "withheld" | "waiting" | "met" | "not_met";
  readonly reason: string | null;
  readonly at: Date;
}

/** What is the same for every run of one dry run. */
export interface Setting {
  readonly db: Kysely<DB>;
  readonly projectId: string;
  readonly definition: Definition;
  /** When each customer would have been sent something, so far. */
  readonly sent: Map<string, Date[]>;
}

const dayMs = 86_400_000;

export async function simulateRun(
  setting: Setting,
  customer: Customer,
  occurrence: Occurrence,
  begins: Date,
): Promise<SimulatedStep[]> {
  const { db, projectId, definition } = setting;
  const { settings, steps } = definition;
  const zone = zoneOf(settings, customer.attributes);
  const done: SimulatedStep[] = [];
  let at = begins;
  let nothingToTell = false;
  for (const [position, step] of steps.entries()) {
    const add = (outcome: SimulatedStep["outcome"], reason: string | null = null) =>
      done.push({ position, type: step.type, outcome, reason, at });
    if (step.type === "wait") {
      add("waiting");
      at = step.until === undefined ? new Date(at.getTime() + waitMs(step)) : nextAt(at, step.until, zone);
    } else if (step.type === "condition") {
      const met = await meets(db, step.rule, { projectId, customer, settings, occurrence, at });
      add(met ? "met" : "not_met");
      if (!met) return done;
    } else if (step.to === "referrer") {
      // Whose code it was is looked up when it happens; consent and holdout are the referrer's own.
      add("done");
    } else if (step.type === "deliver") {
      at = quietUntil(at, settings.quiet_hours, zone) ?? at;
      const reason = nothingToTell ? "nothing_to_deliver" : await objectionToDelivery(setting, step, customer, at);
      add(reason === null ? "done" : "withheld", reason);
      if (reason === null) setting.sent.set(customer.id, [...(setting.sent.get(customer.id) ?? []), at]);
    } else {
      const reason = await objectionToGift(setting, step, customer);
      if (step.type === "publish_voucher" || step.type === "gift_credit") nothingToTell = reason !== null;
      add(reason === null ? "done" : "withheld", reason);
    }
  }
  return done;
}

async function objectionToGift({ db, projectId }: Setting, step: Action, customer: Customer): Promise<string | null> {
  if (step.type !== "publish_voucher" && step.type !== "points" && step.type !== "gift_credit") return null;
  if (customer.blocked) return "customer_blocked";
  if (step.type === "points") return null;
  const campaign = await db
    .selectFrom("campaign as c")
    .innerJoin("project as p", "p.id", "c.project_id")
    .select(["c.id", "c.template", "c.status", "c.holdout_percent as of_campaign", "p.holdout_percent as of_project"])
    .where("c.project_id", "=", projectId)
    .where("c.id", "=", step.campaign_id)
    .executeTakeFirst();
  if (campaign === undefined || campaign.status === "archived") return "campaign_archived";
  if (campaign.template === "gift_card") return null;
  const { identifier } = customer;
  const inGlobalHoldout = isInGlobalHoldout(projectId, identifier, campaign.of_project);
  const held = isWithheld({ id: campaign.id, holdoutPercent: campaign.of_campaign }, { identifier, inGlobalHoldout });
  return held ? "in_holdout" : null;
}

async function objectionToDelivery(
  { db, projectId, definition, sent }: Setting,
  step: StepOf<"deliver">,
  customer: Customer,
  at: Date,
): Promise<string | null> {
  const { cap } = definition.settings;
  if (cap !== undefined) {
    const since = at.getTime() - cap.days * dayMs;
    const recent = (sent.get(customer.id) ?? []).filter((moment) => moment.getTime() > since);
    if (recent.length >= cap.deliveries_max) return "frequency_cap";
  }
  const channel = await findChannel(db, projectId, step.channel_id);
  const template = await findTemplate(db, projectId, step.template_id);
  const adapter = channel === undefined ? undefined : adapterOf(channel.kind);
  if (channel === undefined || adapter === undefined) return "channel_gone";
  if (!channel.enabled) return "channel_disabled";
  if (template === undefined) return "template_gone";
  const permit = await permitDelivery(db, projectId, { adapter, channel, purpose: template.purpose, customer }, at);
  return permit.outcome === "skipped" ? permit.reason : null;
}
