/** Making, changing and deleting rules. Version, history and audit log come from triggers: no way of writing forgets them. */
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { rulesMax } from "./config.ts";
import { type RuleBody, type RulePatch, type RuleWire, ruleWire } from "./schemas.ts";
import { conditionSentence } from "./sentence.ts";
import { shippedRules } from "./shipped-rules.ts";

type RuleRow = Pick<
  Selectable<DB["risk_rule"]>,
  "id" | "name" | "description" | "status" | "condition" | "weight" | "floor" | "version"
> & { readonly created_at: Date | string | null; readonly updated_at: Date | string | null };

const shippedIds: ReadonlySet<string> = new Set(shippedRules.map(({ id }) => id));
const unchanged: readonly RuleRow[] = shippedRules.map(({ when, ...rule }) => ({
  ...rule,
  condition: when,
  version: 0,
  created_at: null,
  updated_at: null,
}));

/** Shipped ones too, by id. */
export async function listRules(db: Kysely<DB>, projectId: string): Promise<RuleWire[]> {
  const rows = await db.selectFrom("risk_rule").selectAll().where("project_id", "=", projectId).execute();
  const own = new Set(rows.map(({ id }) => id));
  return [...unchanged.filter(({ id }) => !own.has(id)), ...rows]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(toRuleWire);
}

/** @throws Problem not_found */
export async function readRule(db: Kysely<DB>, projectId: string, id: string): Promise<RuleWire> {
  return toRuleWire(await findRule(db, projectId, id));
}

async function findRule(db: Kysely<DB>, projectId: string, id: string): Promise<RuleRow> {
  const row = await selectRule(db, projectId, id).executeTakeFirst();
  const found: RuleRow | undefined = row ?? unchanged.find((rule) => rule.id === id);
  if (found === undefined) throw notFound("rule");
  return found;
}

function selectRule(db: Kysely<DB>, projectId: string, id: string) {
  return db.selectFrom("risk_rule").selectAll().where("project_id", "=", projectId).where("id", "=", id);
}

/** @throws Problem conflict when the project has as many as it may. */
export async function createRule(tx: Transaction<DB>, projectId: string, body: RuleBody, at: Date): Promise<RuleWire> {
  await lockConfig(tx, projectId);
  const { n } = await tx
    .selectFrom("risk_rule")
    .select((eb) => eb.fn.countAll<number>().as("n"))
    .where("project_id", "=", projectId)
    .where("id", "not in", [...shippedIds])
    .executeTakeFirstOrThrow();
  if (n >= rulesMax) throw new Problem("conflict", `A project has at most ${rulesMax} rules of its own.`);
  const { when, action, ...rest } = body;
  const row = await tx
    .insertInto("risk_rule")
    .values({
      project_id: projectId,
      id: newId("rul"),
      ...rest,
      condition: JSON.stringify(when),
      floor: action,
      version: 1,
      created_at: at,
      updated_at: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toRuleWire(row);
}

/** The same again changes nothing, and is no version. @throws Problem not_found */
export async function changeRule(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  patch: RulePatch,
  at: Date,
): Promise<RuleWire> {
  await lockConfig(tx, projectId);
  const known = await findRule(tx, projectId, id);
  const next = {
    name: patch.name ?? known.name,
    description: patch.description === undefined ? known.description : patch.description,
    status: patch.status ?? known.status,
    condition: JSON.stringify(patch.when ?? known.condition),
    weight: patch.weight ?? known.weight,
    floor: patch.action === undefined ? known.floor : patch.action,
  };
  const same = (Object.keys(next) as (keyof typeof next)[]).every((field) =>
    field === "condition" ? next.condition === JSON.stringify(known.condition) : next[field] === known[field],
  );
  if (same) return toRuleWire(known);
  const values = { ...next, version: known.version + 1, updated_at: at };
  const row = await tx
    .insertInto("risk_rule")
    .values({ project_id: projectId, id, ...values, created_at: at })
    .onConflict((conflict) => conflict.columns(["project_id", "id"]).doUpdateSet(values))
    .returningAll()
    .executeTakeFirstOrThrow();
  return toRuleWire(row);
}

/** @throws Problem not_found; conflict for a shipped one. */
export async function deleteRule(tx: Transaction<DB>, projectId: string, id: string): Promise<void> {
  if (shippedIds.has(id)) throw new Problem("conflict", "The rule comes with the product: disable it instead.");
  await lockConfig(tx, projectId);
  const gone = await tx
    .deleteFrom("risk_rule")
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .returning("id")
    .executeTakeFirst();
  if (gone === undefined) throw notFound("rule");
}

interface RuleVersion {
  readonly config_version: number;
  readonly at: string;
  readonly rule: RuleWire | null;
}

/** What became of it with each change, newest first. @throws Problem not_found */
export async function listRuleVersions(
  db: Kysely<DB>,
  projectId: string,
  id: string,
  page: { readonly limit: number; readonly before: number | undefined },
): Promise<RuleVersion[]> {
  const rows = await db
    .selectFrom("risk_change")
    .select(["version", "definition", "at"])
    .where("project_id", "=", projectId)
    .where("kind", "=", "rule")
    .where("subject", "=", id)
    .$if(page.before !== undefined, (query) => query.where("version", "<", page.before ?? 0))
    .orderBy("version", "desc")
    .limit(page.limit)
    .execute();
  // Nothing is kept of a shipped rule that nobody has changed.
  if (rows.length === 0 && page.before === undefined) await findRule(db, projectId, id);
  return rows.map(({ version, definition, at }) => ({
    config_version: version,
    at: at.toISOString(),
    rule: definition === null ? null : toRuleWire(definition as RuleRow),
  }));
}

/** One change of a project's rules and policies at a time: counts hold, and what is read is what is changed. */
export async function lockConfig(tx: Transaction<DB>, projectId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${projectId}, 7238))`.execute(tx);
}

function toRuleWire(row: RuleRow): RuleWire {
  const when = row.condition;
  const instant = (at: Date | string | null) => (at === null ? null : new Date(at).toISOString());
  const wire = ruleWire.parse({
    ...row,
    when,
    action: row.floor,
    sentence: "",
    shipped: shippedIds.has(row.id),
    created_at: instant(row.created_at),
    updated_at: instant(row.updated_at),
  });
  return { ...wire, sentence: conditionSentence(wire.when) };
}
