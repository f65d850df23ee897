/**
 * Scores redemptions again with what is known now: a code that many strangers used afterwards, a device that turned out
 * to be shared. One that becomes suspect is announced, once; what is done can only be flagged.
 */
import { type Kysely, sql } from "kysely";
import type { Event } from "../../../ingest/events/events.ts";
import { appendEvents } from "../../../ingest/outbox.ts";
import { named, rawVector } from "../../../models/features/feature.ts";
import { type RiskInput, riskFeatures } from "../../../models/features/risk.ts";
import { tryDecodeState } from "../../../models/features/signals/codec.ts";
import type { SubjectKind, Subjects } from "../../../models/features/signals/kinds.ts";
import { readMeasures, type States } from "../../../models/features/signals/read.ts";
import { habitOf, type Sighting, shopperOf } from "../../../models/features/signals/sighting.ts";
import { unsee } from "../../../models/features/signals/state.ts";
import { type Models, type RiskScore, unscored } from "../../../models/serving.ts";
import type { DB } from "../../db/tables.ts";
import { newId } from "../../ids.ts";
import { type SignalKey, signalKey } from "../../signals/secret.ts";
import { readStates } from "../../signals/store.ts";
import { hashSubject } from "../../signals/subjects.ts";
import { assess, type RiskAssessment } from "../assess.ts";
import type { RiskConfig } from "../config.ts";
import { eventRisk } from "../wire.ts";
import { announcedOf, type Candidate } from "./candidates.ts";

/** Rows of one transaction. */
const chunkRows = 100;

interface Suspect {
  readonly redemptionId: string;
  readonly risk: RiskAssessment;
}

/**
 * @param asOf epoch milliseconds: what is known then, that moment included, is what they are scored by.
 * @returns how many have become suspect.
 */
export async function rescore(
  deps: { readonly db: Kysely<DB>; readonly models: Pick<Models, "scoreRisk"> | undefined },
  projectId: string,
  candidates: readonly Candidate[],
  config: RiskConfig,
  asOf: number,
): Promise<number> {
  const key = await signalKey(deps.db, projectId);
  let found = 0;
  for (let at = 0; at < candidates.length; at += chunkRows) {
    const chunk = candidates.slice(at, at + chunkRows).map((one) => ({ one, subjects: subjectsOf(one, key) }));
    const states = await loadStates(
      deps.db,
      projectId,
      chunk.flatMap(({ subjects }) => Object.entries(subjects)),
    );
    const suspects = chunk.flatMap(({ one, subjects }): Suspect[] => {
      const risk = assessNow(deps.models, projectId, one, inputOf(one, subjects, states, asOf), config);
      return risk.action === "allow" ? [] : [{ redemptionId: one.redemption_id, risk }];
    });
    found += await announce(deps.db, projectId, suspects, new Date());
  }
  return found;
}

function subjectsOf(one: Candidate, key: SignalKey): Subjects {
  const [, voucher = "", campaign = ""] = one.codes[0] ?? [];
  const customer = one.customer === "" ? null : hashSubject(key, "customer", one.customer);
  return {
    ...announcedOf(one),
    ...(customer === null ? {} : { customer }),
    ...(voucher === "" ? {} : { code: voucher, campaign, ...habitOf(customer, campaign) }),
    project: one.currency,
  };
}

/** As text: each who reads one takes something out of it. */
type Known = ReadonlyMap<string, string>;

async function loadStates(
  db: Kysely<DB>,
  projectId: string,
  wanted: readonly (readonly [string, string | undefined])[],
): Promise<Known> {
  const keys = new Map(
    wanted.flatMap(([kind, subject]) =>
      subject === undefined ? [] : [[`${kind} ${subject}`, { projectId, kind: kind as SubjectKind, subject }] as const],
    ),
  );
  const rows = await readStates(db, [...keys.values()]);
  return new Map(rows.map(({ kind, subject, state }) => [`${kind} ${subject}`, state]));
}

/**
 * The request as it was, and what was known of whom and what it named at that later moment, without itself: models and rules are
 * made for what came before an attempt, and its own redemption would be one of a moment ago.
 */
function inputOf(one: Candidate, subjects: Subjects, known: Known, asOf: number): RiskInput {
  const age = one.signals.account_age_seconds;
  const itself = sightingOf(one, subjects);
  const states: States = new Map(
    (Object.entries(subjects) as [SubjectKind, string][]).flatMap(([kind, subject]) => {
      const text = known.get(`${kind} ${subject}`);
      // One that cannot be read tells as little as none: else all that waits would wait behind it.
      const state = text === undefined ? undefined : tryDecodeState(text);
      if (state === undefined) return [];
      unsee(state, kind, itself);
      return [[kind, state] as const];
    }),
  );
  return {
    orderAmount: one.amount,
    discountAmount: one.discount_amount,
    linesCount: one.lines_count,
    itemsQuantity: one.items_quantity,
    // An automatic campaign has no code.
    codesCount: one.codes.filter(([code]) => code !== "").length,
    hourOfDay: new Date(one.at).getUTCHours(),
    isGuest: one.customer === "",
    accountAgeSeconds: age === undefined || age === "" ? null : Number(age),
    isSelfReferral: one.self_referral === 1,
    known: readMeasures(subjects, states, asOf + 1),
  };
}

function sightingOf(one: Candidate, subjects: Subjects): Omit<Sighting, "projectId"> {
  return {
    at: one.at,
    what: "redeemed",
    unknown: false,
    subjects,
    shopper: shopperOf(subjects),
    // It is looked for among the newcomers, too.
    newcomer: true,
    isFirst: one.signals.campaign_uses_28d === "0",
    amount: one.amount,
    discountAmount: one.discount_amount,
  };
}

/**
 * An attempt is scored once in its request, but looked at again whenever something near it becomes suspect, and whoever
 * looks often enough sees something. Its score is one less the share p of ordinary attempts that are as strange, so the
 * remedy is Bonferroni's (1936): one less ten times p. Rules say what they say however often they are asked.
 */
const looks = 10;

function lookedAtAgain(model: RiskScore): RiskScore {
  if (model.score === null || model.score <= 0) return model;
  const score = Math.max(0, 1 - looks * (1 - model.score));
  const share = score / model.score;
  return {
    score,
    model: model.model,
    features: model.features,
    get reasons() {
      return model.reasons.map((reason) => ({ ...reason, contribution: reason.contribution * share }));
    },
  };
}

function assessNow(
  models: Pick<Models, "scoreRisk"> | undefined,
  projectId: string,
  one: Candidate,
  input: RiskInput,
  config: RiskConfig,
): RiskAssessment {
  const campaigns = one.codes.flatMap(([, , id, parentId]) => (id === "" ? [] : [{ id, parentId }]));
  const features = named(riskFeatures, rawVector(riskFeatures, input));
  const model = lookedAtAgain(models?.scoreRisk(projectId, input) ?? unscored);
  const { amount, channel } = one;
  return assess({ model, features, campaigns, amount, channel, ceiling: "flag" }, config);
}

/** In one transaction with the mark that it was done: once, whoever is stopped where. */
async function announce(db: Kysely<DB>, projectId: string, suspects: readonly Suspect[], now: Date): Promise<number> {
  if (suspects.length === 0) return 0;
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ id: string; order_id: string; customer: string | null }>`
      update redemption r set risk = r.risk || jsonb_build_object('late', s.late)
      from unnest(${suspects.map(({ redemptionId }) => redemptionId)}::text[],
                  ${suspects.map(({ risk }) => JSON.stringify(lateOf(risk, now)))}::jsonb[]) as s(id, late)
      where r.project_id = ${projectId} and r.id = s.id and r.status = 'redeemed'
        and r.risk ->> 'action' = 'allow' and not r.risk ? 'late'
      returning r.id, r.order_id,
        (select c.identifier from customer c where c.project_id = r.project_id and c.id = r.customer_id) as customer
    `.execute(tx);
    const risks = new Map(suspects.map(({ redemptionId, risk }) => [redemptionId, risk]));
    const events = rows.flatMap(({ id, order_id, customer }): Event[] => {
      const risk = risks.get(id);
      if (risk === undefined) return [];
      const payload = { redemption_id: id, order_id, customer, risk: eventRisk(risk) };
      return [
        {
          event_id: newId("evt"),
          project_id: projectId,
          type: "risk.rescored",
          version: 1,
          occurred_at: now.toISOString(),
          payload,
        },
      ];
    });
    await appendEvents(tx, events);
    return events.length;
  });
}

function lateOf({ score, action, rules }: RiskAssessment, at: Date): object {
  return { score, action, rules, at: at.toISOString() };
}
