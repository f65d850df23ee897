/** Who changed what: the log, and one entry of it. */
import { type AuditEntryWire, subjectTypes } from "../../audit-log/schemas.ts";
import type { Page } from "../../http/pagination.ts";
import { Moment, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { SelectField, TextField } from "../parts/fields.tsx";
import { Faults } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import type { Sheet } from "../parts/sheet.ts";
import { Badge, Empty, type Tone } from "../parts/states.tsx";
import { listAddress, Pager, Table } from "../parts/table.tsx";
import type { Viewer } from "../viewer.ts";
import { Changes, changesOf, tellingOf } from "./changes.tsx";

const place = "audit-log";
const list = { to: "/console/audit-log", name: "Audit log" };

const words = (text: string) => text.replaceAll("_", " ");
const tones: Readonly<Record<string, Tone>> = { created: "good", deleted: "bad", revoked: "bad" };

/** What the log was asked for, as it stands in the address. */
export type Asked = Readonly<Partial<Record<(typeof askedNames)[number], string>>>;
export const askedNames = ["subject_type", "subject_id", "actor", "member", "from", "to"] as const;

interface ListProps {
  readonly viewer: Viewer;
  readonly asked: Asked;
  readonly page: Page<AuditEntryWire>;
  readonly cursor: string | undefined;
  /** Whom one may choose from; those who may not see members ask by key. */
  readonly people: readonly { readonly id: string; readonly name: string }[];
  readonly sheet: Sheet;
}

export function AuditLogPage({ viewer, asked, page, cursor, people, sheet }: ListProps) {
  return (
    <Frame title="Audit log" viewer={viewer} place={place}>
      <Head
        title="Audit log"
        text="Every change of definitions, keys and people, the newest first. Nothing in it can be changed or deleted."
      />
      <Faults sheet={sheet} />
      <div class="stack">
        <form method="get" action={list.to} class="card" novalidate>
          <div class="fields">
            <SelectField
              sheet={sheet}
              name="subject_type"
              label="Of what"
              value={asked.subject_type}
              options={[
                { value: "", name: "everything" },
                ...subjectTypes.map((type) => ({ value: type, name: words(type) })),
              ]}
            />
            <TextField sheet={sheet} name="subject_id" label="Its id" value={asked.subject_id} maxlength={100} />
            {people.length > 0 || asked.member !== undefined ? (
              <SelectField
                sheet={sheet}
                name="member"
                label="By whom"
                value={asked.member}
                options={[{ value: "", name: "anybody" }, ...people.map(({ id, name }) => ({ value: id, name }))]}
              />
            ) : null}
            <TextField
              sheet={sheet}
              name="actor"
              label="By which key"
              value={asked.actor}
              maxlength={100}
              hint="The id of a key, or system."
            />
            <TextField sheet={sheet} name="from" type="datetime-local" label="From (UTC)" value={asked.from} />
            <TextField sheet={sheet} name="to" type="datetime-local" label="Before (UTC)" value={asked.to} />
          </div>
          <p class="row gap">
            <button class="button primary" type="submit">
              Show
            </button>
            <a class="button quiet" href={list.to}>
              Everything
            </a>
          </p>
        </form>
        <section class="card">
          <Table
            caption="Entries of the audit log"
            rows={page.data}
            empty={
              <Empty
                title="Nothing was changed"
                text="Nothing that was asked for, at least. Take a filter away, or look at a longer time."
              >
                <a class="button" href={list.to}>
                  Everything
                </a>
              </Empty>
            }
            columns={[
              {
                name: "When",
                cell: (entry) => (
                  <a href={`${list.to}/${encodeURIComponent(entry.id)}`}>
                    <Moment at={entry.at} />
                  </a>
                ),
              },
              { name: "Who", cell: (entry) => <Who entry={entry} /> },
              { name: "What", cell: (entry) => <What entry={entry} /> },
              {
                name: "Changes",
                main: true,
                cell: (entry) => <Changes changes={tellingOf(entry)} fieldsMax={6} textMax={60} />,
              },
            ]}
          />
          <Pager path={list.to} query={asked} cursor={cursor} next={page.next_cursor} />
        </section>
      </div>
    </Frame>
  );
}

function Who({ entry }: { entry: AuditEntryWire }) {
  const { actor } = entry;
  if (actor.id === "system") return <span class="muted">the service itself</span>;
  const query = actor.member_id === null ? { actor: actor.id } : { member: actor.member_id };
  return (
    <a href={listAddress(list.to, query)}>
      <Text value={actor.name ?? actor.id} max={60} />
    </a>
  );
}

function What({ entry }: { entry: AuditEntryWire }) {
  const name = entry.after?.name ?? entry.before?.name ?? entry.after?.code ?? entry.before?.code;
  const query = { subject_type: entry.subject_type, subject_id: entry.subject_id };
  return (
    <>
      {words(entry.subject_type)}{" "}
      <a href={listAddress(list.to, query)}>
        <Text value={typeof name === "string" ? name : entry.subject_id} max={60} />
      </a>{" "}
      <Badge tone={tones[entry.action] ?? "plain"}>{words(entry.action)}</Badge>
    </>
  );
}

export function AuditEntryPage({ viewer, entry }: { viewer: Viewer; entry: AuditEntryWire }) {
  return (
    <Frame title="Entry of the audit log" viewer={viewer} place={place}>
      <Head up={list} title={`${words(entry.subject_type)}: ${words(entry.action)}`} />
      <div class="stack">
        <section class="card">
          <dl class="facts">
            <dt>When</dt>
            <dd>
              <Moment at={entry.at} /> <span class="small muted">{entry.at}</span>
            </dd>
            <dt>Who</dt>
            <dd>
              <Who entry={entry} />{" "}
              <span class="small muted">
                <Text value={entry.actor.id} />
              </span>
            </dd>
            <dt>What</dt>
            <dd>
              <What entry={entry} />{" "}
              <span class="small muted">
                <Text value={entry.subject_id} />
              </span>
            </dd>
            <dt>Request</dt>
            <dd>{entry.request_id === null ? "none" : <code>{entry.request_id}</code>}</dd>
          </dl>
        </section>
        <section class="card">
          <h2>Before → after</h2>
          <Changes changes={changesOf(entry)} fieldsMax={100} textMax={10_000} />
        </section>
      </div>
    </Frame>
  );
}
