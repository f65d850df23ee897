/**
 * Campaign definitions as decisions use them. A version never changes, so each is read and parsed once a process; what a
 * decision was made for is checked again when it is committed, so a definition that is late by a moment harms nothing.
 */
import { LRUCache } from "lru-cache";
import type pg from "pg";
import { parseStoredExclusions } from "../campaigns/exclusions-schema.ts";
import { parseStoredLimits, parseStoredStacking } from "../campaigns/limits-schema.ts";
import { parseStoredRewards } from "../campaigns/reward-schema.ts";
import { parseStoredRules } from "../campaigns/rule-schema.ts";
import type { CampaignFacts, LimitsDefinition, VoucherFacts } from "../domain/facts.ts";
import type { Rule } from "../domain/rules/rule.ts";

type Counted = "usage" | "ordersAmount" | "customerUsage" | "periods";

/** All of a campaign that only a new version changes. Of a main campaign, what it does not have is empty. */
export type Definition = Omit<CampaignFacts, Counted | "parent" | "localTime" | "localWeekday" | "localDate"> & {
  readonly timeZone: string;
  readonly parentId: string;
};

export interface DefinitionKey {
  readonly projectId: string;
  readonly id: string;
  readonly version: number;
}

const definitions = new LRUCache<string, Definition>({ max: 20_000 });

function cacheKey({ projectId, id, version }: DefinitionKey): string {
  return `${projectId} ${id} ${version}`;
}

const columns = `c.project_id, c.id, c.version, c.status, c.name, c.template, c.automatic, c.currency, c.time_zone,
  (extract(epoch from c.starts_at) * 1000)::bigint as starts_at, (extract(epoch from c.ends_at) * 1000)::bigint as ends_at,
  c.budget_amount, c.budget_policy, c.redemptions_max, c.limits, c.rules, c.rewards, c.referrer_rewards, c.exclusions,
  c.stacking, c.holdout_percent, c.holdout_codes, c.on_rollback, c.points_price, c.parent_id`;

interface Row {
  readonly project_id: string;
  readonly id: string;
  readonly version: number;
  readonly status: CampaignFacts["status"];
  readonly name: string;
  readonly template: CampaignFacts["template"];
  readonly automatic: boolean;
  readonly currency: string;
  readonly time_zone: string;
  readonly starts_at: number | null;
  readonly ends_at: number | null;
  readonly budget_amount: number | null;
  readonly budget_policy: "refuse" | "trim";
  readonly redemptions_max: number | null;
  readonly limits: unknown;
  readonly rules: unknown;
  readonly rewards: unknown;
  readonly referrer_rewards: unknown;
  readonly exclusions: unknown;
  readonly stacking: unknown;
  readonly holdout_percent: number;
  readonly holdout_codes: boolean;
  readonly on_rollback: CampaignFacts["onRollback"];
  readonly points_price: number | null;
  readonly parent_id: string | null;
}

/** The one shape serves main campaigns too: what they do not have is empty. */
function parseRow(row: Row): Definition {
  return {
    id: row.id,
    version: row.version,
    status: row.status,
    name: row.name,
    template: row.template,
    automatic: row.automatic,
    currency: row.currency,
    timeZone: row.time_zone,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    budgetAmount: row.budget_amount,
    budgetPolicy: row.budget_policy,
    redemptionsMax: row.redemptions_max,
    limits: parseStoredLimits(row.limits),
    rules: parseStoredRules(row.rules),
    rewards: parseStoredRewards(row.rewards),
    referrerRewards: parseStoredRewards(row.referrer_rewards),
    exclusions: parseStoredExclusions(row.exclusions),
    stacking: parseStoredStacking(row.stacking),
    holdoutPercent: row.holdout_percent,
    holdoutCodes: row.holdout_codes,
    onRollback: row.on_rollback,
    pointsPrice: row.points_price,
    parentId: row.parent_id ?? "",
  };
}

/** A definition as `campaign_version` keeps it: in the words of the wire. */
export function definitionOfVersion(kept: Readonly<Record<string, unknown>>): Definition {
  const instant = (value: unknown) => (typeof value === "string" ? Date.parse(value) : null);
  const row = { ...kept, starts_at: instant(kept.starts_at), ends_at: instant(kept.ends_at) };
  return parseRow(row as unknown as Row);
}

/** Definitions by `projectId id`. A campaign that has moved on meanwhile comes in its newer version. */
export async function loadDefinitions(
  pool: pg.Pool,
  keys: readonly DefinitionKey[],
): Promise<ReadonlyMap<string, Definition>> {
  const found = new Map<string, Definition>();
  const missing = new Map<string, DefinitionKey>();
  for (const key of keys) {
    const known = definitions.get(cacheKey(key));
    if (known === undefined) missing.set(`${key.projectId} ${key.id}`, key);
    else found.set(`${key.projectId} ${key.id}`, known);
  }
  if (missing.size > 0) {
    const wanted = [...missing.values()];
    const { rows } = await pool.query<Row>({
      name: "definitions",
      text: `select ${columns} from campaign c
             join unnest($1::text[], $2::text[]) as w(project_id, id) on w.project_id = c.project_id and w.id = c.id`,
      values: [wanted.map((key) => key.projectId), wanted.map((key) => key.id)],
    });
    for (const row of rows) found.set(`${row.project_id} ${row.id}`, keep(row));
  }
  return found;
}

function keep(row: Row): Definition {
  const key = cacheKey({ projectId: row.project_id, id: row.id, version: row.version });
  let known = definitions.get(key);
  if (known === undefined) {
    known = parseRow(row);
    definitions.set(key, known);
  }
  return known;
}

/** A sub-campaign and the main campaign it stands under. */
export interface Pair {
  readonly sub: Definition;
  readonly main: Definition;
}

/** @throws Error when a campaign of a voucher was not among those loaded. */
export function pairOf(
  definitions: ReadonlyMap<string, Definition>,
  projectId: string,
  row: { readonly campaign: { readonly id: string }; readonly main: { readonly id: string } },
): Pair {
  const sub = definitions.get(`${projectId} ${row.campaign.id}`);
  const main = definitions.get(`${projectId} ${row.main.id}`);
  if (sub === undefined || main === undefined) throw new Error("the campaign of a voucher is not there");
  return { sub, main };
}

const automatics = new LRUCache<string, { readonly version: number; readonly pairs: Promise<readonly Pair[]> }>({
  max: 1_000,
});
/** More automatic campaigns at once than any project runs; the rest is left out, lowest ids first. */
const automaticMax = 2_000;

/** The automatic campaigns that run, with their main campaigns, by id. Read again only when `version` has grown. */
export async function loadAutomatic(pool: pg.Pool, projectId: string, version: number): Promise<readonly Pair[]> {
  const known = automatics.get(projectId);
  if (known?.version === version) return known.pairs;
  const pairs = queryAutomatic(pool, projectId);
  automatics.set(projectId, { version, pairs });
  // One failed read is not what everybody after it shall see.
  pairs.catch(() => automatics.delete(projectId));
  return pairs;
}

async function queryAutomatic(pool: pg.Pool, projectId: string): Promise<readonly Pair[]> {
  const { rows } = await pool.query<Row>(
    `with running as (
       select s.id, s.parent_id from campaign s
       join campaign m on m.project_id = s.project_id and m.id = s.parent_id and m.status = 'active'
       where s.project_id = $1 and s.automatic and s.status = 'active' order by s.id limit $2)
     select ${columns} from campaign c
     where c.project_id = $1 and c.id in (select id from running union select parent_id from running)`,
    [projectId, automaticMax],
  );
  const all = new Map(rows.map((row) => [row.id, keep(row)]));
  return [...all.values()]
    .filter((definition) => definition.automatic)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .flatMap((sub) => {
      const main = all.get(sub.parentId);
      return main === undefined ? [] : [{ sub, main }];
    });
}

const voucherDefinitions = new LRUCache<string, Pick<VoucherFacts, "limits" | "rules">>({ max: 10_000 });
const plainVoucher: { readonly limits: LimitsDefinition; readonly rules: Rule | null } = { limits: {}, rules: null };

/** Most vouchers say nothing of their own. */
export function voucherDefinition(
  projectId: string,
  row: { readonly id: string; readonly version: number; readonly limits: unknown; readonly rules: unknown },
): Pick<VoucherFacts, "limits" | "rules"> {
  if (row.rules === null && typeof row.limits === "object" && Object.keys(row.limits ?? {}).length === 0) {
    return plainVoucher;
  }
  const key = cacheKey({ projectId, id: row.id, version: row.version });
  let known = voucherDefinitions.get(key);
  if (known === undefined) {
    known = { limits: parseStoredLimits(row.limits), rules: parseStoredRules(row.rules) };
    voucherDefinitions.set(key, known);
  }
  return known;
}
