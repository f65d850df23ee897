/** What codes would give on the rest of an order: the decision of then, asked again for fewer units. */
import type pg from "pg";
import type { SignalsPart } from "../../ingest/events/parts.ts";
import { decide } from "../domain/decide.ts";
import type { Decision } from "../domain/decision.ts";
import type { CampaignFacts, CustomerFacts, Facts, OrderFacts, VoucherFacts } from "../domain/facts.ts";
import { factsOfRest } from "../domain/rest.ts";
import { campaignFacts, nothingUsed } from "./campaign-facts.ts";
import { type Definition, definitionOfVersion, loadDefinitions, voucherDefinition } from "./definitions.ts";
import type { RedeemedCodeRow, Subject } from "./redemption-subject.ts";

/** What `recordOf` keeps of the facts. */
interface KeptFacts {
  readonly now: number;
  readonly order: OrderFacts;
  readonly customer: CustomerFacts | null;
  readonly versions: readonly { readonly campaign_id: string; readonly version: number }[];
  readonly signals?: SignalsPart;
}

/** Whom it came from; undefined where nobody said so, or the person was erased. */
export function signalsOfThen(subject: Subject): SignalsPart | undefined {
  return (subject.facts as KeptFacts | null)?.signals;
}

export type Definitions = ReadonlyMap<string, Definition>;

/** The definitions that a redemption was decided with, by campaign id; where one was not kept, the present one. */
export async function definitionsOfThen(pool: pg.Pool, projectId: string, subject: Subject): Promise<Definitions> {
  const kept = subject.facts as KeptFacts | null;
  const found = new Map<string, Definition>();
  if (kept !== null) {
    const { rows } = await pool.query<{ campaign_id: string; definition: Readonly<Record<string, unknown>> }>(
      `select v.campaign_id, v.definition from campaign_version v
       join unnest($2::text[], $3::int[]) as k(campaign_id, version)
         on k.campaign_id = v.campaign_id and k.version = v.version
       where v.project_id = $1`,
      [projectId, kept.versions.map((one) => one.campaign_id), kept.versions.map((one) => one.version)],
    );
    for (const row of rows) found.set(row.campaign_id, definitionOfVersion(row.definition));
  }
  const missing = subject.codes
    .flatMap((code) => [code.campaign_id, code.main_campaign_id])
    .filter((id) => !found.has(id));
  // No version is 0: these are read as they are now.
  const present = await loadDefinitions(
    pool,
    missing.map((id) => ({ projectId, id, version: 0 })),
  );
  for (const id of missing) {
    const definition = present.get(`${projectId} ${id}`);
    if (definition !== undefined) found.set(id, definition);
  }
  return found;
}

/** @returns null for a redemption from before facts were kept: it cannot be decided again. */
export function restDecider(
  subject: Subject,
  definitions: Definitions,
): ((quantities: readonly number[]) => Decision) | null {
  const kept = subject.facts as KeptFacts | null;
  if (kept === null) return null;
  const codes = subject.codes.filter((code) => !paysByGiftCard(code));
  // Asked only when a policy wants to know: without one the definitions are not read.
  return (quantities) => decide(factsOfRest(factsOfThen(kept, codes, definitions), quantities));
}

export function paysByGiftCard(code: RedeemedCodeRow): boolean {
  return code.rewards.some((reward) => reward.type === "gift_card");
}

/** Without what was used then: the rest is not held against limits. A pool that had a code for it has one still. */
function factsOfThen(kept: KeptFacts, codes: readonly RedeemedCodeRow[], definitions: Definitions): Facts {
  const campaigns = new Map(codes.map((code) => [code, campaignOfThen(kept.now, code, definitions)]));
  const pools = [...campaigns.values()].flatMap((campaign) =>
    campaign.rewards.flatMap((reward) =>
      reward.type === "pool_voucher" ? [[reward.pool_id, Number.MAX_SAFE_INTEGER] as const] : [],
    ),
  );
  return {
    now: kept.now,
    order: kept.order,
    customer: kept.customer,
    redeemables: codes
      .filter((code) => code.voucher_id !== null)
      .map((code) => ({ code: code.code, voucher: voucherOfThen(code), campaign: campaigns.get(code) ?? null })),
    automatic: codes.flatMap((code) => (code.voucher_id === null ? (campaigns.get(code) ?? []) : [])),
    appliedBefore: [],
    pools: Object.fromEntries(pools),
    languages: [],
  };
}

function campaignOfThen(now: number, code: RedeemedCodeRow, definitions: Definitions): CampaignFacts {
  const sub = definitions.get(code.campaign_id);
  const main = definitions.get(code.main_campaign_id);
  if (sub === undefined || main === undefined) throw new Error("the campaign of a redemption is not there");
  return campaignFacts(now, { sub, main }, nothingUsed, nothingUsed, () => []);
}

function voucherOfThen(code: RedeemedCodeRow): VoucherFacts {
  const { rules } = voucherDefinition("", { id: "", version: 0, limits: {}, rules: code.voucher_rules });
  return {
    id: code.voucher_id ?? "",
    version: 0,
    code: code.code,
    kind: "generic",
    status: "created",
    redemptionsMax: null,
    assignedTo: null,
    balanceAmount: null,
    referrerId: code.referrer_id,
    pointsPaid: true,
    startsAt: null,
    expiresAt: null,
    limits: {},
    rules,
    usage: nothingUsed.usage,
    customerUsage: nothingUsed.customerUsage,
    periods: [],
  };
}
