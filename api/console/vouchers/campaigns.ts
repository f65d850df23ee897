/** Campaigns that vouchers may be of: the newest to choose from, and any other by its name. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/tables.ts";
import { invalid, notFound } from "../../http/problem.ts";
import { shortened } from "../format.tsx";
import { textOf } from "../parts/sheet.ts";
import type { Form } from "../viewer.ts";

/** A list to choose from; longer ones are nobody's to read, and weigh more than a page may. */
const choicesMax = 100;
/** As many of one name are told apart in a message. */
const namesakesMax = 5;

export interface VoucherCampaign {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly time_zone: string;
}

export interface CampaignChoices {
  /** By name. */
  readonly campaigns: readonly VoucherCampaign[];
  /** There are more: forms then ask for a name, too. */
  readonly hasMore: boolean;
}

function selectCampaigns(db: Kysely<DB>, projectId: string) {
  return db
    .selectFrom("campaign")
    .select(["id", "name", "currency", "time_zone"])
    .where("project_id", "=", projectId)
    .where("type", "=", "sub")
    .where("status", "<>", "archived");
}

/** The newest. @param chosen is among them, however old it is. */
export async function campaignChoices(
  db: Kysely<DB>,
  projectId: string,
  chosen: string | undefined,
): Promise<CampaignChoices> {
  const newest = await selectCampaigns(db, projectId)
    .orderBy("id", "desc")
    .limit(choicesMax + 1)
    .execute();
  const campaigns = newest.slice(0, choicesMax);
  if (chosen !== undefined && !campaigns.some(({ id }) => id === chosen)) {
    campaigns.push(...(await selectCampaigns(db, projectId).where("id", "=", chosen.slice(0, 100)).execute()));
  }
  campaigns.sort((a, b) => a.name.localeCompare(b.name, "en"));
  return { campaigns, hasMore: newest.length > choicesMax };
}

/** @throws Problem 404 */
export async function campaignOf(db: Kysely<DB>, projectId: string, id: string | undefined): Promise<VoucherCampaign> {
  const found = await selectCampaigns(db, projectId)
    .where("id", "=", (id ?? "").slice(0, 100))
    .executeTakeFirst();
  if (!found) throw notFound("campaign");
  return found;
}

/** The one of the form: what was typed goes before what was chosen. @throws Problem 400, 404 */
export async function chosenCampaign(db: Kysely<DB>, projectId: string, form: Form): Promise<VoucherCampaign> {
  const typed = textOf(form, "campaign");
  if (typed === undefined) return campaignOf(db, projectId, textOf(form, "campaign_id"));
  return campaignCalled(db, projectId, typed);
}

/** By its id, its whole name, or a part of the name that no other has. @throws Problem 400 */
export async function campaignCalled(db: Kysely<DB>, projectId: string, typed: string): Promise<VoucherCampaign> {
  const text = typed.slice(0, 200);
  const part = `%${text.replaceAll(/[\\%_]/g, "\\$&")}%`;
  const found = await selectCampaigns(db, projectId)
    .where((eb) => eb.or([eb("id", "=", text), eb("name", "ilike", part)]))
    .orderBy(sql`id = ${text} or lower(name) = lower(${text})`, "desc")
    .orderBy("id", "desc")
    .limit(namesakesMax + 1)
    .execute();
  const exact = found.filter(({ id, name }) => id === text || name.toLowerCase() === text.toLowerCase());
  const fitting = exact.length > 0 ? exact : found;
  const [first] = fitting;
  if (!first) throw invalid("/campaign", "No campaign for vouchers is called like that.");
  if (fitting.length === 1) return first;
  const names = fitting.slice(0, namesakesMax).map(({ id, name }) => `${shortened(name, 60)} (${id})`);
  const more = fitting.length > namesakesMax ? " and others" : "";
  throw invalid("/campaign", `Several are called like that: ${names.join(", ")}${more}. Type more of it, or its id.`);
}
