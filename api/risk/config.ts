/**
 * The rules and policies of a project, ready to be used. Read once a version in each process, as definitions of campaigns
 * are: the version comes with the facts of every request, so a change is seen by the next one.
 */
import { LRUCache } from "lru-cache";
import type pg from "pg";
import { compile, type Seen } from "./condition.ts";
import { parseStoredCondition } from "./condition-schema.ts";
import type { Policies, Thresholds } from "./policy.ts";
import type { RuleDefinition, RuleStatus } from "./rule.ts";
import { shippedRules } from "./shipped-rules.ts";

/** Rules of a project that are not its shipped ones. */
export const rulesMax = 80;
export const policiesMax = 1_000;

export interface ReadyRule extends RuleDefinition {
  readonly isMet: (seen: Seen) => boolean;
}

export interface RiskConfig {
  /** 0 for a project that has changed nothing. */
  readonly version: number;
  readonly enabled: readonly ReadyRule[];
  readonly shadow: readonly ReadyRule[];
  readonly live: Policies;
  readonly shadowPolicies: Policies;
}

export interface StoredPolicy extends Thresholds {
  readonly scope: string;
  readonly status: "live" | "shadow";
}

/** By id, so that what is added up is added up in one order everywhere. */
export function readyConfig(
  version: number,
  own: readonly RuleDefinition[],
  policies: readonly StoredPolicy[],
): RiskConfig {
  const rules = [...withShipped(own)].sort((a, b) => (a.id < b.id ? -1 : 1));
  const ready = (status: RuleStatus) =>
    rules.filter((rule) => rule.status === status).map((rule) => ({ ...rule, isMet: compile(rule.when) }));
  const by = (status: StoredPolicy["status"]) =>
    new Map(policies.filter((policy) => policy.status === status).map((policy) => [policy.scope, policy]));
  return {
    version,
    enabled: ready("enabled"),
    shadow: ready("shadow"),
    live: by("live"),
    shadowPolicies: by("shadow"),
  };
}

/** A shipped rule holds until the project has one of the same id. */
function withShipped<R extends { readonly id: string }>(own: readonly R[]): (R | RuleDefinition)[] {
  const ids = new Set(own.map(({ id }) => id));
  return [...shippedRules.filter(({ id }) => !ids.has(id)), ...own];
}

const untouched = readyConfig(0, [], []);
const configs = new LRUCache<string, Promise<RiskConfig>>({ max: 1_000 });
const versions = new LRUCache<string, number>({ max: 1_000 });

/** @param version as the facts tell; null for a project that has changed nothing. */
export async function loadRiskConfig(
  pool: Pick<pg.Pool, "query">,
  projectId: string,
  version: number | null,
): Promise<RiskConfig> {
  if (version === null) return untouched;
  const known = configs.get(projectId);
  // Facts that were read a moment ago may name an older version than another request has met.
  if (known !== undefined && (versions.get(projectId) ?? 0) >= version) return known;
  const config = queryConfig(pool, projectId);
  configs.set(projectId, config);
  versions.set(projectId, version);
  // One failed read is not what everybody after it shall see.
  config.catch(() => configs.delete(projectId));
  return config;
}

/** As it is now, whichever version requests have met. */
export async function currentConfig(pool: Pick<pg.Pool, "query">, projectId: string): Promise<RiskConfig> {
  const { rows } = await pool.query<{ version: number }>("select version from risk_version where project_id = $1", [
    projectId,
  ]);
  return loadRiskConfig(pool, projectId, rows[0]?.version ?? null);
}

interface ConfigRow {
  readonly version: number;
  readonly rules: readonly StoredRule[];
  readonly policies: readonly StoredPolicyRow[];
}

interface StoredRule {
  readonly id: string;
  readonly name: string;
  readonly status: RuleStatus;
  readonly condition: unknown;
  readonly weight: number;
  readonly floor: "flag" | null;
}

interface StoredPolicyRow {
  readonly campaign_id: string;
  readonly status: "live" | "shadow";
  readonly flag: number | null;
  readonly hold: number | null;
  readonly reject: number | null;
  readonly hold_seconds: number;
}

/** One statement, so that version and contents belong together. */
async function queryConfig(pool: Pick<pg.Pool, "query">, projectId: string): Promise<RiskConfig> {
  const { rows } = await pool.query<ConfigRow>({
    name: "risk-config",
    text: `
      select coalesce((select v.version from risk_version v where v.project_id = $1), 0) as version,
        (select coalesce(jsonb_agg(to_jsonb(r)), '[]') from risk_rule r where r.project_id = $1) as rules,
        (select coalesce(jsonb_agg(to_jsonb(p)), '[]') from risk_policy p where p.project_id = $1) as policies`,
    values: [projectId],
  });
  const row = rows[0];
  if (row === undefined) throw new Error("the risk configuration gave no row");
  return readyConfig(row.version, row.rules.map(ruleOf), row.policies.map(policyOf));
}

function ruleOf({ id, name, status, condition, weight, floor }: StoredRule): RuleDefinition {
  return { id, name, status, when: parseStoredCondition(condition), weight, floor };
}

function policyOf({ campaign_id, hold_seconds, ...policy }: StoredPolicyRow): StoredPolicy {
  const { status, flag, hold, reject } = policy;
  return { scope: campaign_id, status, flag, hold, reject, holdSeconds: hold_seconds };
}

/**
 * As it was at a version: what an assessment was made with. Each change keeps what became of its row.
 *
 * Shipped rules are as they are now: a release that changes one gives it a new id.
 */
export async function riskConfigAt(
  pool: Pick<pg.Pool, "query">,
  projectId: string,
  version: number,
): Promise<RiskConfig> {
  const { rows } = await pool.query<{ kind: "rule" | "policy"; definition: unknown }>(
    `select distinct on (kind, subject) kind, definition from risk_change
     where project_id = $1 and version <= $2 order by kind, subject, version desc`,
    [projectId, version],
  );
  const kept = rows.filter(({ definition }) => definition !== null);
  return readyConfig(
    version,
    kept.filter(({ kind }) => kind === "rule").map(({ definition }) => ruleOf(definition as StoredRule)),
    kept.filter(({ kind }) => kind === "policy").map(({ definition }) => policyOf(definition as StoredPolicyRow)),
  );
}
