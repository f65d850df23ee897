/** The thresholds of a campaign, or of the whole project: one policy that holds, and one that is only tried. */
import type { Kysely, Selectable, Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { notFound, Problem } from "../http/problem.ts";
import { policiesMax } from "./config.ts";
import { withoutPolicy } from "./policy.ts";
import { lockConfig } from "./rules.ts";
import type { PolicyBody, PolicyWire } from "./schemas.ts";

/** The id of a campaign; "" for the project's default. */
type Scope = string;
type PolicyRow = Selectable<DB["risk_policy"]>;

/** @throws Problem not_found for a campaign that is not there. */
export async function readPolicy(db: Kysely<DB>, projectId: string, scope: Scope): Promise<PolicyWire> {
  const parent = scope === "" ? null : await parentOf(db, projectId, scope);
  const nearest = [scope, ...(parent === null ? [] : [parent]), ""];
  const rows = await db
    .selectFrom("risk_policy")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("campaign_id", "in", nearest)
    .execute();
  const find = (of: Scope, status: PolicyRow["status"]) =>
    rows.find((row) => row.campaign_id === of && row.status === status);
  const own = find(scope, "live");
  const shadow = find(scope, "shadow");
  return {
    campaign_id: scope === "" ? null : scope,
    live: own === undefined ? null : shown(own),
    shadow: shadow === undefined ? null : shown(shadow),
    effective: effectiveOf(
      nearest.flatMap((of) => find(of, "live") ?? []),
      scope,
    ),
  };
}

/** @param found live ones, the nearest first. */
function effectiveOf(found: readonly PolicyRow[], scope: Scope): PolicyWire["effective"] {
  const [nearest] = found;
  if (nearest === undefined) {
    const { holdSeconds, ...thresholds } = withoutPolicy;
    return { ...thresholds, hold_seconds: holdSeconds, updated_at: null, from: "product" };
  }
  const from = nearest.campaign_id === "" ? "project" : nearest.campaign_id === scope ? "campaign" : "main_campaign";
  return { ...shown(nearest), from };
}

/** @throws Problem not_found for a campaign that is not there; conflict when there are as many as may be. */
export async function putPolicy(
  tx: Transaction<DB>,
  projectId: string,
  scope: Scope,
  body: PolicyBody,
  at: Date,
): Promise<PolicyWire> {
  if (scope !== "") await parentOf(tx, projectId, scope);
  await lockConfig(tx, projectId);
  // One that is there may be changed however many there are.
  const { n } = await tx
    .selectFrom("risk_policy")
    .select((eb) => eb.fn.countAll<number>().as("n"))
    .where("project_id", "=", projectId)
    .where((eb) => eb.not(eb.and({ campaign_id: scope, status: body.status })))
    .executeTakeFirstOrThrow();
  if (n >= policiesMax) throw new Problem("conflict", `A project has at most ${policiesMax} policies.`);
  const { status, hold, reject, hold_seconds } = body;
  const flag = body.flag === undefined ? lowest(withoutPolicy.flag, hold, reject) : body.flag;
  const values = { flag, hold, reject, hold_seconds, updated_at: at };
  await tx
    .insertInto("risk_policy")
    .values({ project_id: projectId, campaign_id: scope, status, id: idOf(scope, status), ...values, created_at: at })
    .onConflict((conflict) => conflict.columns(["project_id", "campaign_id", "status"]).doUpdateSet(values))
    .execute();
  return readPolicy(tx, projectId, scope);
}

/** What is held or refused is flagged, too. */
function lowest(...thresholds: readonly (number | null)[]): number {
  return Math.min(...thresholds.map((threshold) => threshold ?? 1));
}

/** @throws Problem not_found when there is none. */
export async function deletePolicy(
  tx: Transaction<DB>,
  projectId: string,
  scope: Scope,
  status: PolicyRow["status"] | undefined,
): Promise<void> {
  await lockConfig(tx, projectId);
  const gone = await tx
    .deleteFrom("risk_policy")
    .where("project_id", "=", projectId)
    .where("campaign_id", "=", scope)
    .$if(status !== undefined, (query) => query.where("status", "=", status ?? "live"))
    .returning("id")
    .execute();
  if (gone.length === 0) throw notFound("policy");
}

function idOf(scope: Scope, status: PolicyRow["status"]): string {
  return `${scope === "" ? "project" : scope}:${status}`;
}

async function parentOf(db: Kysely<DB>, projectId: string, id: string): Promise<string | null> {
  const campaign = await db
    .selectFrom("campaign")
    .select("parent_id")
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
  if (campaign === undefined) throw notFound("campaign");
  return campaign.parent_id;
}

function shown({ flag, hold, reject, hold_seconds, updated_at }: PolicyRow) {
  return { flag, hold, reject, hold_seconds, updated_at: updated_at.toISOString() };
}
