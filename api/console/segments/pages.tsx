/** Segments: all of them, and one with its members. */
import type { Page } from "../../http/pagination.ts";
import type { ImportedMembers } from "../../segments/import-members.ts";
import type { SegmentMemberWire, SegmentWire } from "../../segments/list.ts";
import { count, Moment, plural, span, Text } from "../format.tsx";
import { Frame, Notice } from "../layout.tsx";
import { AttemptField } from "../parts/attempt.tsx";
import { ConfirmPage } from "../parts/confirm-page.tsx";
import { Done } from "../parts/done.tsx";
import { AreaField, TextField } from "../parts/fields.tsx";
import { FileField } from "../parts/file-field.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Badge, Empty } from "../parts/states.tsx";
import { listAddress, Pager, Table } from "../parts/table.tsx";
import { maySee, type Viewer } from "../viewer.ts";

const place = "segments";
export const list = { to: "/console/segments", name: "Segments" };

const doneTexts = {
  created: "The segment was made.",
  changed: "Saved.",
  rules: "Saved. Everybody is looked at by the new rules; until then members are as they were.",
  left: "They were taken out.",
  deleted: "The segment was deleted; every member has left it.",
  deleting: "The segment is being deleted: its members leave it one after the other.",
};

export const segmentAddress = (id: string) => `/console/segments/${encodeURIComponent(id)}`;

function State({ segment }: { segment: SegmentWire }) {
  if (segment.state === "deleting") return <Badge tone="bad">being deleted</Badge>;
  if (segment.kind === "static") return <Badge>list</Badge>;
  if (segment.state === "failed") return <Badge tone="bad">failed</Badge>;
  if (segment.state === "evaluating") return <Badge tone="accent">evaluating</Badge>;
  return <Badge tone="good">by rules</Badge>;
}

function Age({ segment }: { segment: SegmentWire }) {
  if (segment.kind === "static") return <span class="muted">by hand</span>;
  if (segment.age_seconds === null) return <span class="muted">not yet</span>;
  return <>{segment.age_seconds < 60 ? "under a minute" : span(segment.age_seconds)}</>;
}

interface ListProps {
  readonly viewer: Viewer;
  readonly page: Page<SegmentWire>;
  readonly cursor: string | undefined;
  readonly done: string | undefined;
}

function NewLinks() {
  return (
    <>
      <a class="button primary" href={`${list.to}/new`}>
        New list
      </a>
      <a class="button" href={`${list.to}/new-by-rules`}>
        New by rules
      </a>
    </>
  );
}

export function SegmentsPage({ viewer, page, cursor, done }: ListProps) {
  const mayChange = maySee(viewer, ["manage"]);
  return (
    <Frame title="Segments" viewer={viewer} place={place}>
      <Head
        title="Segments"
        text="Groups of customers, for rules and to give vouchers to: lists, and whoever fits rules."
      >
        {mayChange && <NewLinks />}
      </Head>
      <Done done={done} texts={doneTexts} />
      <section class="card">
        <Table
          caption="Segments"
          rows={page.data}
          empty={
            <Empty title="No segments yet" text="A list is named by hand; members by rules come and go by themselves.">
              {mayChange && <NewLinks />}
            </Empty>
          }
          columns={[
            {
              name: "Segment",
              main: true,
              cell: (segment) => (
                <>
                  <a href={segmentAddress(segment.id)}>
                    <Text value={segment.name} />
                  </a>
                  {segment.rules_sentence !== null && (
                    <div class="small muted">
                      <Text value={segment.rules_sentence} max={160} />
                    </div>
                  )}
                </>
              ),
            },
            { name: "Kind", cell: (segment) => <State segment={segment} /> },
            { name: "Members", right: true, cell: (segment) => count(segment.members_count) },
            { name: "Age", cell: (segment) => <Age segment={segment} /> },
            { name: "Made", cell: (segment) => <Moment at={segment.created_at} /> },
          ]}
        />
        <Pager path={list.to} query={{}} cursor={cursor} next={page.next_cursor} />
      </section>
    </Frame>
  );
}

function MembersFields({ sheet }: { sheet: Sheet }) {
  return (
    <>
      <AreaField sheet={sheet} name="customers" label="Identifiers, one on a line" rows={4} />
      <FileField
        sheet={sheet}
        name="file"
        label="Or a file"
        accept=".csv,.ndjson,.jsonl,text/csv"
        hint="CSV with the first line customer, or NDJSON with the field customer; up to 200,000 rows and 16 MiB."
      />
    </>
  );
}

export function NewListPage({ viewer, sheet = freshSheet }: { viewer: Viewer; sheet?: Sheet }) {
  return (
    <Frame title="New list" viewer={viewer} place={place}>
      <Head
        up={list}
        title="New list"
        text="Who is in it is named by hand. Customers who were never seen before are made."
      />
      <section class="card">
        <Faults sheet={sheet} />
        <Form viewer={viewer} action={list.to} enctype="multipart/form-data">
          <AttemptField />
          <div class="fields">
            <TextField
              sheet={sheet}
              name="name"
              label="Name"
              maxlength={200}
              hint="Rules name it by this."
              required
              wide
            />
            <MembersFields sheet={sheet} />
          </div>
          <p class="row gap">
            <button class="button primary" type="submit">
              Make the list
            </button>
          </p>
        </Form>
      </section>
    </Frame>
  );
}

interface SegmentProps {
  readonly viewer: Viewer;
  readonly segment: SegmentWire;
  readonly members: Page<SegmentMemberWire>;
  readonly cursor?: string | undefined;
  readonly done?: string | undefined;
  readonly sheet?: Sheet;
  readonly nameSheet?: Sheet;
  /** What became of the rows that were just sent. */
  readonly imported?: ImportedMembers;
}

export function SegmentPage(props: SegmentProps) {
  const { viewer, segment, done, sheet = freshSheet, nameSheet = freshSheet, imported } = props;
  const address = segmentAddress(segment.id);
  const mayChange = maySee(viewer, ["manage"]);
  return (
    <Frame title={segment.name} viewer={viewer} place={place}>
      <Head up={list} title={<Text value={segment.name} />} beside={<State segment={segment} />}>
        {mayChange && segment.state !== "deleting" && (
          <a class="button" href={listAddress("/console/publications/new", { segment_id: segment.id })}>
            Give vouchers
          </a>
        )}
        {mayChange && segment.kind === "dynamic" && (
          <a class="button primary" href={`${address}/rules`}>
            Change the rules
          </a>
        )}
      </Head>
      <Done done={done} texts={doneTexts} />
      {imported && <Imported result={imported} />}
      <div class="stack">
        <div class="tiles">
          <div class="tile">
            <span class="label">Members</span>
            <div class="value">{count(segment.members_count)}</div>
          </div>
          <div class="tile">
            <span class="label">Age</span>
            <div class="value">
              <Age segment={segment} />
            </div>
          </div>
        </div>
        {segment.rules_sentence !== null && (
          <section class="card">
            <h2>Who is in it</h2>
            <p data-test="sentence">
              <Text value={`${segment.rules_sentence}.`} max={2_000} />
            </p>
            {segment.failure !== null && <Notice tone="bad">{segment.failure}</Notice>}
            {segment.state === "evaluating" && (
              <p class="muted small">
                All customers are looked at by these rules now; members are as they were until then.
              </p>
            )}
          </section>
        )}
        <Members {...props} />
        {mayChange && segment.kind === "static" && (
          <section class="card">
            <h2>Put customers in</h2>
            <Faults sheet={sheet} />
            <Form viewer={viewer} action={`${address}/members`} enctype="multipart/form-data">
              <div class="fields">
                <MembersFields sheet={sheet} />
              </div>
              <p class="row gap">
                <button class="button primary" type="submit">
                  Put them in
                </button>
              </p>
            </Form>
          </section>
        )}
        {mayChange && (
          <section class="card">
            <h2>Name</h2>
            <Faults sheet={nameSheet} />
            <Form viewer={viewer} action={address}>
              <TextField
                sheet={nameSheet}
                name="name"
                label="Name"
                value={segment.name}
                maxlength={200}
                hint="Rules that name it by the old name do not find it any more."
                required
              />
              <p class="row gap">
                <button class="button" type="submit">
                  Rename
                </button>
                <a class="button danger" href={`${address}/delete`}>
                  Delete the segment
                </a>
              </p>
            </Form>
          </section>
        )}
      </div>
    </Frame>
  );
}

function Members({ viewer, segment, members, cursor }: SegmentProps) {
  const address = segmentAddress(segment.id);
  const mayRemove = segment.kind === "static" && maySee(viewer, ["manage"]);
  const empty = (
    <Empty
      title="Nobody is in it"
      text={
        segment.kind === "static"
          ? "Put customers in below."
          : "Nobody fits the rules, or they have not been asked yet."
      }
    />
  );
  const table = (
    <Table
      caption="Members"
      rows={members.data}
      empty={empty}
      columns={[
        ...(mayRemove
          ? [
              {
                name: "Take out",
                cell: ({ identifier }: SegmentMemberWire) => (
                  <input type="checkbox" name="customers" value={identifier} aria-label={`Take out ${identifier}`} />
                ),
              },
            ]
          : []),
        { name: "Customer", main: true, cell: ({ identifier }) => <Text value={identifier} /> },
        { name: "Since", cell: ({ entered_at }) => <Moment at={entered_at} /> },
      ]}
    />
  );
  return (
    <section class="card">
      <h2>Members</h2>
      {mayRemove && members.data.length > 0 ? (
        <Form viewer={viewer} action={`${address}/members/remove`}>
          {table}
          <p class="row gap">
            <button class="button" type="submit">
              Take out whoever is ticked
            </button>
          </p>
        </Form>
      ) : (
        table
      )}
      <Pager path={address} query={{}} cursor={cursor} next={members.next_cursor} />
    </section>
  );
}

const faultsShown = 20;

function Imported({ result }: { result: ImportedMembers }) {
  const { entered, failed, rows_read: rows, errors } = result;
  return (
    <Notice tone={failed > 0 ? "warn" : "good"}>
      <div>
        <strong>{`${plural(entered, "customer")} entered.`}</strong>{" "}
        {rows - failed > entered && `${plural(rows - failed - entered, "was", "were")} in it already. `}
        {failed > 0 && `${plural(failed, "row")} could not be read:`}
        {failed > 0 && (
          <ul class="faults">
            {errors.slice(0, faultsShown).map(({ line, reason }) => (
              <li>
                {`line ${line}: `}
                <Text value={reason} />
              </li>
            ))}
            {failed > faultsShown && <li>{`and ${count(failed - faultsShown)} more`}</li>}
          </ul>
        )}
      </div>
    </Notice>
  );
}

export function DeleteSegmentPage({ viewer, segment, sheet }: { viewer: Viewer; segment: SegmentWire; sheet?: Sheet }) {
  return (
    <ConfirmPage
      viewer={viewer}
      place={place}
      title="Delete a segment"
      action={`${segmentAddress(segment.id)}/delete`}
      verb="Delete"
      danger
      back={{ to: segmentAddress(segment.id), name: "Segment" }}
      {...(sheet && { sheet })}
    >
      <p>
        All {count(segment.members_count)} members leave <Text value={segment.name} />, which is announced of each.
        Rules that name it find nobody any more. It does not come back.
      </p>
    </ConfirmPage>
  );
}
