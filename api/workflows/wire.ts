/** Rows as the wire shows them. */
import type { z } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { type Definition, parseStoredDefinition } from "./definition.ts";
import { countRuns, readNames, type ShownRun, type WorkflowRow } from "./queries.ts";
import { toRun } from "./runs.ts";
import type { runWire, versionWire, workflowWire } from "./schemas.ts";
import { type Names, stepSentences, workflowSentence } from "./sentence.ts";

type WorkflowWire = z.output<typeof workflowWire>;

export async function workflowsToWire(
  db: Kysely<DB>,
  projectId: string,
  rows: readonly WorkflowRow[],
): Promise<WorkflowWire[]> {
  const definitions = rows.map((row) => parseStoredDefinition(row.definition));
  const names = await namesOf(db, projectId, definitions);
  const counts = await countRuns(
    db,
    projectId,
    rows.map((row) => row.id),
  );
  return rows.map((row, index) => ({
    id: row.id,
    name: row.name,
    status: row.status,
    version: row.version,
    ...definitionToWire(definitions[index] ?? parseStoredDefinition(row.definition), names),
    runs: counts.get(row.id) ?? { running: 0, failed: 0 },
    active_since: row.active_since?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }));
}

export async function workflowToWire(db: Kysely<DB>, row: WorkflowRow): Promise<WorkflowWire> {
  const [wire] = await workflowsToWire(db, row.project_id, [row]);
  if (wire === undefined) throw new Error("one row gave no workflow");
  return wire;
}

export async function versionsToWire(
  db: Kysely<DB>,
  projectId: string,
  rows: readonly { readonly version: number; readonly definition: unknown; readonly created_at: Date }[],
): Promise<z.output<typeof versionWire>[]> {
  const definitions = rows.map((row) => parseStoredDefinition(row.definition));
  const names = await namesOf(db, projectId, definitions);
  return rows.map((row, index) => ({
    version: row.version,
    ...definitionToWire(definitions[index] ?? parseStoredDefinition(row.definition), names),
    created_at: row.created_at.toISOString(),
  }));
}

export function namesOf(db: Kysely<DB>, projectId: string, definitions: readonly Definition[]): Promise<Names> {
  return readNames(db, projectId, [...new Set(definitions.flatMap(idsIn))]);
}

/** Ids of campaigns, segments, channels and templates. */
function idsIn({ trigger, steps }: Definition): string[] {
  const ofTrigger = [
    ...("segment_id" in trigger ? [trigger.segment_id] : []),
    ...("campaign_ids" in trigger ? (trigger.campaign_ids ?? []) : []),
  ];
  const ofSteps = steps.flatMap((step) => [
    ...("campaign_id" in step ? [step.campaign_id] : []),
    ...("segment_id" in step ? [step.segment_id] : []),
    ...("channel_id" in step ? [step.channel_id, step.template_id] : []),
  ]);
  return [...ofTrigger, ...ofSteps];
}

function definitionToWire(definition: Definition, names: Names) {
  return {
    ...definition,
    sentence: workflowSentence(definition, names),
    step_sentences: stepSentences(definition, names),
  };
}

export function runToWire(row: ShownRun): z.output<typeof runWire> {
  const { trigger } = toRun(row);
  return {
    id: row.id,
    workflow_id: row.workflow_id,
    version: row.version,
    customer: { identifier: row.identifier },
    trigger: { on: trigger.type, at: trigger.at, key: row.trigger_key },
    status: row.status,
    reason: row.reason,
    position: row.position,
    due_at: row.due_at.toISOString(),
    held: row.held,
    depth: row.depth,
    forgotten: row.forgotten,
    started_at: row.started_at.toISOString(),
    ended_at: row.ended_at?.toISOString() ?? null,
  };
}
