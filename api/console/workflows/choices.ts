/** What a workflow's form offers to choose from, by name. */
import type { Kysely } from "kysely";
import type { DB } from "../../db/tables.ts";
import type { Form } from "../viewer.ts";

/** Longer lists are typed by name: an option for each, in every step, would make the page too large. */
const optionsMax = 40;
const namesMax = 1_000;

interface Choice {
  readonly id: string;
  /** Unique among its kind. */
  readonly name: string;
}

export interface Choices {
  /** Those that have vouchers to give. */
  readonly campaigns: readonly Choice[];
  /** Of gift cards, with the currency of their cards. */
  readonly cards: readonly (Choice & { readonly currency: string })[];
  readonly segments: readonly Choice[];
  /** Whose members steps may change. */
  readonly lists: readonly Choice[];
  readonly channels: readonly Choice[];
  readonly templates: readonly Choice[];
}

type Kind = keyof Choices;

export async function readChoices(db: Kysely<DB>, projectId: string): Promise<Choices> {
  const [campaigns, segments, channels, templates] = await Promise.all([
    db
      .selectFrom("campaign")
      .select(["id", "name", "template", "currency"])
      .where("project_id", "=", projectId)
      .where("type", "=", "sub")
      .where("status", "<>", "archived")
      .orderBy("id", "desc")
      .limit(namesMax)
      .execute(),
    db
      .selectFrom("segment")
      .select(["id", "name", "kind"])
      .where("project_id", "=", projectId)
      .orderBy("name")
      .limit(namesMax)
      .execute(),
    db
      .selectFrom("channel")
      .select(["id", "name"])
      .where("project_id", "=", projectId)
      .orderBy("name")
      .limit(namesMax)
      .execute(),
    db
      .selectFrom("template")
      .select(["id", "name", "kind"])
      .where("project_id", "=", projectId)
      .where("deleted_at", "is", null)
      .orderBy("name")
      .limit(namesMax)
      .execute(),
  ]);
  const byName = unique(campaigns).sort((a, b) => a.name.localeCompare(b.name, "en"));
  return {
    campaigns: byName,
    cards: byName.filter(({ template }) => template === "gift_card"),
    segments: unique(segments),
    lists: unique(segments.filter(({ kind }) => kind === "static")),
    channels: unique(channels),
    templates: unique(templates.map((row) => ({ ...row, name: `${row.name} (${row.kind})` }))),
  };
}

/** Of several with one name each goes with its id. */
function unique<Row extends Choice>(rows: readonly Row[]): Row[] {
  const counts = new Map<string, number>();
  for (const { name } of rows) counts.set(name, (counts.get(name) ?? 0) + 1);
  return rows.map((row) => ((counts.get(row.name) ?? 0) > 1 ? { ...row, name: `${row.name} · ${row.id}` } : row));
}

/** Whether it is typed by name, with suggestions, and not chosen. */
export function isTyped(choices: Choices, kind: Kind): boolean {
  return choices[kind].length > optionsMax;
}

/** What was chosen, or typed: an id, or a name. What is neither stays what it is: the API says that there is no such thing. */
export function idOf(choices: Choices, kind: Kind, text: string | undefined): string | undefined {
  const plain = text?.trim();
  if (plain === undefined || plain === "") return undefined;
  const all: readonly Choice[] = choices[kind];
  return (all.find(({ id }) => id === plain) ?? all.find(({ name }) => name === plain))?.id ?? plain;
}

export function nameOf(choices: Choices, kind: Kind, id: string): string {
  return (choices[kind] as readonly Choice[]).find((choice) => choice.id === id)?.name ?? id;
}

/** All names by id, for sentences. */
export function namesById(choices: Choices): ReadonlyMap<string, string> {
  const all = [...choices.campaigns, ...choices.segments, ...choices.channels, ...choices.templates];
  return new Map(all.map(({ id, name }) => [id, name]));
}

/** The kind of what a field names, by the end of its name. */
const kindOf: Readonly<Record<string, Kind>> = {
  campaign_id: "campaigns",
  segment_id: "segments",
  channel_id: "channels",
  template_id: "templates",
};

/** A form as it is shown: where names are typed, its ids are names. */
export function withNames(form: Form, choices: Choices): Form {
  const entries = Object.entries(form).map(([name, values]): [string, readonly string[]] => {
    const end = name.slice(name.lastIndexOf(".") + 1);
    const kind = end === "campaign_ids" ? "campaigns" : kindOf[end];
    if (kind === undefined || !isTyped(choices, kind)) return [name, values];
    const names = values.flatMap((value) => value.split(/\r?\n/)).map((value) => nameOf(choices, kind, value.trim()));
    return [name, [names.filter((value) => value !== "").join("\n")]];
  });
  return Object.fromEntries(entries);
}
