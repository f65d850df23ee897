/** Reading workflows and their runs, page by page. */
import { z } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { readVersion } from "./active.ts";
import { findRun, findWorkflow, listEntries, listRuns, listWorkflows, type RunFilters } from "./queries.ts";
import type { runWire, runWithLogWire, statuses, workflowWire } from "./schemas.ts";
import { stepSentences } from "./sentence.ts";
import { namesOf, runToWire, workflowsToWire, workflowToWire } from "./wire.ts";

export type WorkflowWire = z.output<typeof workflowWire>;
export type RunWire = z.output<typeof runWire>;
export type RunWithLogWire = z.output<typeof runWithLogWire>;

interface Asked {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

const idCursor = z.tuple([z.string()]);
const entriesShown = 500;

/** Newest first. */
export async function pageOfWorkflows(
  db: Kysely<DB>,
  projectId: string,
  { limit, cursor, status }: Asked & { readonly status?: (typeof statuses)[number] | undefined },
): Promise<Page<WorkflowWire>> {
  const before = readCursor(cursor, idCursor)?.[0];
  const rows = await listWorkflows(db, projectId, { before, limit: limit + 1, status });
  const page = toPage(
    rows,
    limit,
    (row) => [row.id],
    (row) => row,
  );
  return { ...page, data: await workflowsToWire(db, projectId, page.data) };
}

/** @throws Problem `not_found` */
export async function readWorkflow(db: Kysely<DB>, projectId: string, id: string): Promise<WorkflowWire> {
  const row = await findWorkflow(db, projectId, id);
  if (row === undefined) throw notFound("workflow");
  return workflowToWire(db, row);
}

/** Newest first. @throws Problem `not_found` */
export async function pageOfRuns(
  db: Kysely<DB>,
  projectId: string,
  workflowId: string,
  { limit, cursor, customer, status, from, to }: Asked & Partial<Omit<RunFilters, "workflowId">>,
): Promise<Page<RunWire>> {
  if ((await findWorkflow(db, projectId, workflowId)) === undefined) throw notFound("workflow");
  const before = readCursor(cursor, idCursor)?.[0];
  const rows = await listRuns(db, projectId, { workflowId, customer, status, from, to }, { before, limit: limit + 1 });
  return toPage(rows, limit, (row) => [row.id], runToWire);
}

/** With all that happened, in its order. @throws Problem `not_found` */
export async function readRun(db: Kysely<DB>, projectId: string, id: string): Promise<RunWithLogWire> {
  const row = await findRun(db, projectId, id);
  if (row === undefined) throw notFound("run");
  const definition = await readVersion(db, row);
  const sentences = stepSentences(definition, await namesOf(db, projectId, [definition]));
  const entries = await listEntries(db, projectId, row.id, entriesShown);
  return {
    ...runToWire(row),
    steps: definition.steps.map(({ type }, position) => ({ position, type, sentence: sentences[position] ?? "" })),
    log: entries.map(({ position, kind, outcome, reason, detail, at }) => ({
      ...{ position, type: kind, outcome, reason, detail },
      at: at.toISOString(),
    })),
  };
}
