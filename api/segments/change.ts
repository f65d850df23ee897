/** Making and changing a segment. */
import type { z } from "@hono/zod-openapi";
import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Rule } from "../domain/rules/rule.ts";
import { invalid, notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { countDynamicSegments, findStaticSegments, insertEvaluation, replaceRules } from "./dynamic-queries.ts";
import { beingDeleted } from "./members.ts";
import { findSegment, insertSegment, lockSegment, renameSegment } from "./queries.ts";
import { namedSegments } from "./rules/leaves.ts";
import { type segmentWire, toSegmentWire } from "./schemas.ts";

/** Each of them is asked of everybody, again and again. */
const dynamicMax = 200;

function nameTaken(name: string): Problem {
  const detail = `There is a segment named ${name}.`;
  return new Problem("already_exists", detail, { errors: [{ pointer: "/name", detail }] });
}

/** @param given with `rules` it is dynamic. @throws Problem `already_exists`, naming the field; `conflict` for too many. */
export async function createSegment(
  tx: Transaction<DB>,
  projectId: string,
  given: { readonly name: string; readonly rules?: Rule | undefined },
  at: Date,
): Promise<z.output<typeof segmentWire>> {
  const rules = given.rules ?? null;
  if (rules !== null) {
    await requireLists(tx, projectId, rules);
    if ((await countDynamicSegments(tx, projectId)) >= dynamicMax) {
      throw new Problem("conflict", `A project has at most ${dynamicMax} dynamic segments.`);
    }
  }
  const made = await insertSegment(tx, { id: newId("seg"), projectId, name: given.name, rules, at });
  if (!made) throw nameTaken(given.name);
  if (rules !== null) await insertEvaluation(tx, projectId, made.id);
  return readSegment(tx, projectId, made.id);
}

/** @throws Problem `already_exists`, naming the field; `invalid_request` for rules of a list. */
export async function changeSegment(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  change: { readonly name?: string | undefined; readonly rules?: Rule | undefined },
  at: Date,
): Promise<z.output<typeof segmentWire>> {
  const known = await lockSegment(tx, projectId, id, "update");
  if (!known) throw notFound("segment");
  if (known.deleting_at !== null) throw beingDeleted();
  if (change.rules !== undefined) {
    if (known.kind === "static") throw invalid("/rules", "This segment is a list: its members are named by hand.");
    await requireLists(tx, projectId, change.rules);
    await replaceRules(tx, projectId, id, change.rules, at);
  }
  if (change.name !== undefined && change.name !== known.name) {
    if (!(await renameSegment(tx, projectId, id, change.name, at))) throw nameTaken(change.name);
  }
  return readSegment(tx, projectId, id);
}

/** @throws Problem `invalid_request` where rules name a segment that is no list of the project. */
export async function requireLists(tx: Transaction<DB>, projectId: string, rules: Rule): Promise<Map<string, string>> {
  const named = namedSegments(rules);
  const known = await findStaticSegments(
    tx,
    projectId,
    named.map(({ name }) => name),
  );
  const missing = named.find(({ name }) => !known.has(name));
  if (missing !== undefined) {
    throw invalid(
      `/rules${missing.pointer}`,
      "There is no static segment of this name; dynamic ones cannot be asked for.",
    );
  }
  return known;
}

async function readSegment(tx: Transaction<DB>, projectId: string, id: string): Promise<z.output<typeof segmentWire>> {
  const row = await findSegment(tx, projectId, id);
  if (!row) throw notFound("segment");
  return toSegmentWire(row);
}
