import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { notFound, Problem } from "../http/problem.ts";
import { invalidRequest } from "../http/router.ts";
import { announceCampaign } from "./announce.ts";
import { definitionColumns } from "./create.ts";
import { findCampaign, holdCampaign } from "./find.ts";
import { hasChildren, lockCampaign, updateCampaign } from "./queries.ts";
import { type CampaignInput, type CampaignPatch, type CampaignWire, createCampaignBody } from "./schemas.ts";
import { keepVersion } from "./versions.ts";
import { type CampaignRow, toWire } from "./wire.ts";

type Definition = Omit<CampaignPatch, "version">;

/** What others rely on once the campaign is live, or once it has sub-campaigns. */
const fixedOnceLive = ["currency", "parent_id", "template"] as const;

/**
 * Changes what the patch names and checks the whole that results like a new campaign. A budget or a maximum may go
 * below what is used already: then it is simply reached.
 *
 * @throws Problem `not_found`, `invalid_request`, `campaign_status_conflict`, or `conflict` when a field is fixed by now.
 */
export async function updateCampaignDefinition(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  { version, ...patch }: CampaignPatch,
  at: Date,
): Promise<CampaignWire> {
  const found = await findCampaign(tx, projectId, id);
  if (!found) throw notFound("campaign");
  const parentId = patch.parent_id ?? found.parent_id;
  // Locks go from the main campaign down, here as everywhere.
  if (parentId !== null) await holdCampaign(tx, projectId, parentId);
  const current = await lockCampaign(tx, projectId, id);
  if (!current) throw notFound("campaign");
  if (current.status === "archived") {
    throw new Problem("campaign_status_conflict", "An archived campaign cannot be changed.");
  }
  if (version !== undefined && version !== current.version) {
    const detail = `The campaign was changed meanwhile: it has version ${current.version}, this change is made for version ${version}.`;
    throw new Problem("conflict", detail, { errors: [{ pointer: "/version", detail }] });
  }
  await refuseFixed(tx, projectId, current, patch);
  const columns = await definitionColumns(tx, projectId, merged(current, patch), at);
  await updateCampaign(tx, projectId, id, { ...columns, updated_at: at });
  const row = await findCampaign(tx, projectId, id);
  if (!row) throw notFound("campaign");
  const campaign = toWire(row);
  await keepVersion(tx, projectId, campaign, current.automatic);
  await announceCampaign(tx, projectId, "campaign.updated", campaign);
  return campaign;
}

async function refuseFixed(tx: Transaction<DB>, projectId: string, current: CampaignRow, patch: Definition) {
  const changed = fixedOnceLive.filter((field) => patch[field] !== undefined && patch[field] !== current[field]);
  if (changed.length === 0) return;
  const why =
    current.status !== "draft"
      ? `is fixed once the campaign is ${current.status}`
      : (await hasChildren(tx, projectId, current.id))
        ? "is fixed once there are sub-campaigns"
        : undefined;
  if (why === undefined) return;
  throw new Problem("conflict", `${changed.join(", ")} ${why}.`, {
    errors: changed.map((field) => ({ pointer: `/${field}`, detail: `${field} ${why}.` })),
  });
}

/** The definition as it would be sent today, with the patch over it; null and absent are the same in a definition. */
function merged(current: CampaignRow, patch: Definition): CampaignInput {
  const stored = Object.entries(toWire(current)).filter(([field]) => !notOf[current.type].has(field));
  const given = Object.entries({ ...Object.fromEntries(stored), ...patch }).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  const parsed = createCampaignBody.safeParse(Object.fromEntries(given));
  if (!parsed.success) throw invalidRequest(parsed.error, "json");
  return parsed.data;
}

const neverGiven = ["id", "status", "usage", "version", "created_at", "updated_at"] as const satisfies Field[];

/** What a campaign shows and nobody may send: its state, a sub-campaign's template, and all that only sub-campaigns have. */
const notOf: Record<CampaignRow["type"], ReadonlySet<string>> = {
  sub: new Set<Field>([...neverGiven, "template"]),
  main: new Set<Field>([
    ...neverGiven,
    "parent_id",
    "triggers_on",
    "trigger_name",
    "rewards",
    "referrer_rewards",
    "automatic",
    "stacking",
    "exclusions",
    "points_price",
    "voucher_lifetime_days",
    "low_stock",
    "auto_grow",
    "holdout_percent",
    "holdout_codes",
    "on_cancel",
    "on_rollback",
  ]),
};

type Field = keyof CampaignWire;
