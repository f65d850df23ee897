/** What a workflow's form offers to choose from, by name. */
import type { Kysely } from "kysely";
import type { DB } from "../../db/tables.ts";
import { first, partsOf } from "../rules/nested.ts";
import { linesOf } from "../rules/values.ts";
import type { Form } from "../viewer.ts";

/** Of one list; longer ones are typed by name. */
const optionsMax = 40;
/** Of all lists of the form together, for a page of less than 100 KB. */
const optionsOfFormMax = 300;
const namesMax = 1_000;
/** More than a trigger and twenty steps can name. */
const othersMax = 100;

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
  /** Those that are typed by name, with suggestions: a list of them in every step would make the page too large. */
  readonly typed: ReadonlySet<Kind>;
  /** Names of campaigns that the form holds and does not offer: main ones, and such as are archived since. */
  readonly others: ReadonlyMap<string, string>;
}

const kinds = ["campaigns", "cards", "segments", "lists", "channels", "templates"] as const;
export type Kind = (typeof kinds)[number];

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
      .where("deleting_at", "is", null)
      .orderBy("name")
      .limit(namesMax)
      .execute(),
    db
      .selectFrom("channel")
      .select(["id", "name"])
      .where("project_id", "=", projectId)
      .where("deleted_at", "is", null)
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
    typed: new Set(),
    others: new Map(),
  };
}

/** Ids of campaigns that the form holds and that are none of the choices. */
export function otherCampaigns(form: Form, choices: Choices): string[] {
  const fields = Object.keys(form).filter((name) => /^(trigger\.campaign_ids|steps\.\d+\.campaign_id)$/.test(name));
  const named = fields.flatMap((name) => form[name] ?? []).flatMap(linesOf);
  const known = new Set(choices.campaigns.flatMap(({ id, name }) => [id, name]));
  return [...new Set(named)].filter((text) => text.length <= 100 && !known.has(text)).slice(0, othersMax);
}

/** Of several with one name each goes with its id. */
function unique<Row extends Choice>(rows: readonly Row[]): Row[] {
  const counts = new Map<string, number>();
  for (const { name } of rows) counts.set(name, (counts.get(name) ?? 0) + 1);
  return rows.map((row) => ((counts.get(row.name) ?? 0) > 1 ? { ...row, name: `${row.name} · ${row.id}` } : row));
}

/** With those typed by name that are too many for the form: the ones that fill it most. */
export function fittedTo(form: Form, choices: Choices): Choices {
  const typed = new Set(kinds.filter((kind) => choices[kind].length > optionsMax));
  const options = new Map(kinds.map((kind) => [kind, 0]));
  for (const kind of listsOf(form)) options.set(kind, (options.get(kind) ?? 0) + choices[kind].length);
  const most = kinds.filter((kind) => !typed.has(kind)).sort((a, b) => (options.get(b) ?? 0) - (options.get(a) ?? 0));
  let sum = most.reduce((so, kind) => so + (options.get(kind) ?? 0), 0);
  for (const kind of most) {
    if (sum <= optionsOfFormMax) break;
    typed.add(kind);
    sum -= options.get(kind) ?? 0;
  }
  return { ...choices, typed };
}

const listsOfStep: Readonly<Record<string, readonly Kind[]>> = {
  publish_voucher: ["campaigns"],
  gift_credit: ["cards"],
  deliver: ["channels", "templates"],
  add_to_segment: ["lists"],
  remove_from_segment: ["lists"],
};

/** The lists that the form shows, each as often as it does. A box to tick is as large as two options. */
function listsOf(form: Form): Kind[] {
  const ofSteps = partsOf(form, "steps").flatMap((part) => listsOfStep[first(form, `steps.${part}.type`)] ?? []);
  const ofTrigger = /^(redemption|voucher)\./.test(first(form, "trigger.on"))
    ? (["campaigns", "campaigns"] as const)
    : [];
  return [...ofSteps, ...ofTrigger, "segments"];
}

/** What was chosen, or typed: an id, or a name. What is neither stays what it is: the API says that there is no such thing. */
export function idOf(choices: Choices, kind: Kind, text: string | undefined): string | undefined {
  const plain = text?.trim();
  if (plain === undefined || plain === "") return undefined;
  const all: readonly Choice[] = choices[kind];
  return (all.find(({ id }) => id === plain) ?? all.find(({ name }) => name === plain))?.id ?? plain;
}

function nameOf(choices: Choices, kind: Kind, id: string): string {
  return (choices[kind] as readonly Choice[]).find((choice) => choice.id === id)?.name ?? id;
}

/** All names by id, for sentences. */
export function namesById(choices: Choices): ReadonlyMap<string, string> {
  const all = [...choices.campaigns, ...choices.segments, ...choices.channels, ...choices.templates];
  return new Map([...choices.others, ...all.map(({ id, name }): [string, string] => [id, name])]);
}

/** What a field names; undefined: nothing of the project's. */
function kindOf(form: Form, name: string): Kind | undefined {
  const [, at = "", end] = /^(trigger|steps\.\d+)\.(\w+)$/.exec(name) ?? [];
  switch (end) {
    case "campaign_ids":
      return "campaigns";
    case "campaign_id":
      return first(form, `${at}.type`) === "gift_credit" ? "cards" : "campaigns";
    case "segment_id":
      return at === "trigger" ? "segments" : "lists";
    case "channel_id":
      return "channels";
    default:
      return end === "template_id" ? "templates" : undefined;
  }
}

/** A form as it is shown: where names are typed, its ids are names; where they are chosen, names that were typed are ids. */
export function asShown(form: Form, choices: Choices): Form {
  const entries = Object.entries(form).map(([name, values]): [string, readonly string[]] => {
    const kind = kindOf(form, name);
    if (kind === undefined) return [name, values];
    const lines = values.flatMap(linesOf);
    if (!choices.typed.has(kind)) return [name, lines.map((line) => idOf(choices, kind, line) ?? line)];
    return [name, [lines.map((line) => nameOf(choices, kind, line)).join("\n")]];
  });
  return Object.fromEntries(entries);
}
