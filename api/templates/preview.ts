/** What a customer would read, without anything being sent. */
import type { Kysely } from "kysely";
import { adapterOf } from "../channels/adapters.ts";
import { findCustomer } from "../customers/find.ts";
import type { DB } from "../db/tables.ts";
import { invalid, jsonPointer } from "../http/problem.ts";
import { variablesOf } from "./catalogue.ts";
import { checkParts } from "./check.ts";
import { variablesIn } from "./engine.ts";
import { exampleSources } from "./example.ts";
import { findTemplate, findTexts } from "./find.ts";
import { findVoucherForPreview } from "./queries.ts";
import { type Languages, renderMessage } from "./render.ts";
import type { PreviewInput } from "./schemas.ts";

export interface Preview {
  readonly language: string;
  readonly parts: Record<string, string>;
  readonly variables: string[];
}

/** @throws Problem 400 that names the part, with the line and the variable that is wrong */
export async function previewTemplate(db: Kysely<DB>, projectId: string, input: PreviewInput): Promise<Preview> {
  const { kind, languages, language } = await textsOf(db, projectId, input);
  const adapter = adapterOf(kind);
  if (adapter === undefined) throw invalid("/kind", "There is no such kind.");
  if (input.template_id === undefined) checkParts(adapter, languages[language] ?? {});
  const customer = await customerOf(db, projectId, input.customer);
  const voucher = await voucherOf(db, projectId, input.voucher);
  const given = { ...exampleSources.given, ...input.variables };
  const variables = variablesOf({ ...exampleSources, customer, published: voucher, given });
  const wish = input.language ?? (customer.attributes as Readonly<Record<string, unknown>>).language;
  const rendered = renderMessage({ languages, language }, adapter.parts, variables, {
    wanted: typeof wish === "string" ? wish : null,
    timeZone: voucher.time_zone,
  });
  if (rendered.outcome === "failed") {
    const place = input.template_id === undefined ? jsonPointer(["parts", rendered.part]) : "/template_id";
    throw invalid(place, `${rendered.part}: ${rendered.detail}`);
  }
  const texts = Object.values(languages[rendered.language] ?? {});
  return { language: rendered.language, parts: rendered.parts, variables: variablesIn(texts) };
}

async function textsOf(
  db: Kysely<DB>,
  projectId: string,
  { template_id, kind, parts, language }: PreviewInput,
): Promise<{ kind: string; languages: Languages; language: string }> {
  if (template_id === undefined) {
    if (kind === undefined) throw invalid("/kind", "Expected `template_id`, or `kind` and `parts`.");
    if (parts === undefined) throw invalid("/parts", "Expected `template_id`, or `kind` and `parts`.");
    const tag = language ?? "en";
    return { kind, languages: { [tag]: parts }, language: tag };
  }
  if (kind !== undefined || parts !== undefined) throw invalid("/template_id", "Not together with `kind` or `parts`.");
  const template = await findTemplate(db, projectId, template_id);
  const languages = template && (await findTexts(db, projectId, template_id, template.version));
  if (!template || !languages) throw invalid("/template_id", "There is no such template.");
  return { kind: template.kind, languages, language: template.language };
}

async function customerOf(db: Kysely<DB>, projectId: string, identifier: string | undefined) {
  if (identifier === undefined) return exampleSources.customer;
  const customer = await findCustomer(db, projectId, identifier);
  if (customer === undefined) throw invalid("/customer", "There is no such customer.");
  return customer;
}

async function voucherOf(db: Kysely<DB>, projectId: string, code: string | undefined) {
  if (code === undefined) return { ...exampleSources.published, time_zone: "UTC" };
  const voucher = await findVoucherForPreview(db, projectId, code.trim().toUpperCase());
  if (voucher === undefined) throw invalid("/voucher", "There is no such voucher.");
  return voucher;
}
