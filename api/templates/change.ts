import type { Transaction } from "kysely";
import { adapterOf } from "../channels/adapters.ts";
import type { DB } from "../db/tables.ts";
import { invalid, notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { checkTexts } from "./check.ts";
import {
  countTemplates,
  findWithTexts,
  insertTemplate,
  insertVersion,
  isNameTaken,
  lockTemplate,
  updateTemplate,
} from "./queries.ts";
import { readTemplate } from "./read.ts";
import type { TemplateChange, TemplateInput, TemplateWire } from "./schemas.ts";

const templatesMax = 2_000;
const versionsMax = 1_000;

/** @throws Problem `already_exists`, `conflict`, or `invalid_request` with the part that is wrong */
export async function createTemplate(
  tx: Transaction<DB>,
  projectId: string,
  input: TemplateInput,
  at: Date,
): Promise<TemplateWire> {
  const adapter = adapterOf(input.kind);
  if (adapter === undefined) throw invalid("/kind", "There is no such kind.");
  checkTexts(adapter, input.languages, input.language);
  if ((await countTemplates(tx, projectId)) >= templatesMax) {
    throw new Problem("conflict", `A project has at most ${templatesMax} templates.`);
  }
  const { name, kind, purpose, language } = input;
  const id = newId("tpl");
  const times = { created_at: at, updated_at: at };
  const row = await insertTemplate(tx, { project_id: projectId, id, name, kind, purpose, language, ...times });
  if (row === undefined) throw nameTaken(name);
  await writeVersion(tx, projectId, id, 1, input.languages, at);
  return readTemplate(tx, projectId, id);
}

/** Other texts are a new version; the same texts are none. @throws Problem as `createTemplate`, and `not_found` */
export async function changeTemplate(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  change: TemplateChange,
  at: Date,
): Promise<TemplateWire> {
  const locked = await lockTemplate(tx, projectId, id);
  const before = locked && (await findWithTexts(tx, projectId, id));
  const adapter = before && adapterOf(before.kind);
  if (!before || !adapter) throw notFound("template");
  const { name, purpose } = change;
  const language = change.language ?? before.language;
  const languages = change.languages ?? before.languages;
  checkTexts(adapter, languages, language);
  if (name !== undefined && (await isNameTaken(tx, projectId, name, id))) throw nameTaken(name);
  const isNew = canonical(languages) !== canonical(before.languages);
  if (isNew && before.version >= versionsMax) {
    throw new Problem("conflict", `A template has at most ${versionsMax} versions: make a new one.`);
  }
  const version = isNew ? before.version + 1 : before.version;
  if (isNew) await writeVersion(tx, projectId, id, version, languages, at);
  await updateTemplate(tx, projectId, id, {
    ...{ language, version, updated_at: at },
    ...(name !== undefined && { name }),
    ...(purpose !== undefined && { purpose }),
  });
  return readTemplate(tx, projectId, id);
}

/** What was ordered before is still sent. @throws Problem `not_found` */
export async function deleteTemplate(tx: Transaction<DB>, projectId: string, id: string, at: Date): Promise<void> {
  if (!(await lockTemplate(tx, projectId, id))) throw notFound("template");
  await updateTemplate(tx, projectId, id, { deleted_at: at, updated_at: at });
}

function writeVersion(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  version: number,
  languages: TemplateInput["languages"],
  at: Date,
): Promise<void> {
  return insertVersion(tx, {
    ...{ project_id: projectId, template_id: id, version, created_at: at },
    languages: JSON.stringify(languages),
  });
}

/** jsonb does not keep the order of keys. */
function canonical(languages: TemplateInput["languages"]): string {
  const sorted = (record: object) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(sorted(languages).map(([tag, texts]) => [tag, sorted(texts)]));
}

function nameTaken(name: string): Problem {
  const detail = `There is a template named ${JSON.stringify(name)} already.`;
  return new Problem("already_exists", detail, { errors: [{ pointer: "/name", detail }] });
}
