/** Lists of customers for other systems: all exports, and a new one. */
import type { Page } from "../../http/pagination.ts";
import type { ExportWire } from "../../list-exports/read.ts";
import { plainColumns } from "../../list-exports/schemas.ts";
import type { CampaignName } from "../campaign-names.ts";
import { count, Moment, shortened, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import type { Named } from "../names.ts";
import { AttemptField } from "../parts/attempt.tsx";
import { Done } from "../parts/done.tsx";
import { CheckField, ChoiceField, fieldId, SelectField, TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Empty, StatusBadge } from "../parts/states.tsx";
import { Pager, Table } from "../parts/table.tsx";
import type { Viewer } from "../viewer.ts";

const place = "list-exports";
export const list = { to: "/console/list-exports", name: "List exports" };

interface ListProps {
  readonly viewer: Viewer;
  readonly page: Page<ExportWire>;
  readonly segments: readonly Named[];
  readonly cursor: string | undefined;
  readonly done: string | undefined;
}

export function ExportsPage({ viewer, page, segments, cursor, done }: ListProps) {
  const make = (
    <a class="button primary" href={`${list.to}/new`}>
      Export a list
    </a>
  );
  return (
    <Frame title={list.name} viewer={viewer} place={place}>
      <Head
        title={list.name}
        text="Customers as CSV, for mailing and advertising systems. A file is kept for 7 days, and goes when a customer is erased."
      >
        {make}
      </Head>
      <Done done={done} texts={{ ordered: "The list is being written. Load the page again to see how far it is." }} />
      <section class="card">
        <Table
          caption={list.name}
          rows={page.data}
          empty={
            <Empty title="No lists yet" text="The members of a segment, or whom a publication was to reach.">
              {make}
            </Empty>
          }
          columns={[
            {
              name: "Of",
              main: true,
              cell: (one) => <Text value={sourceOf(one, segments)} max={100} />,
            },
            { name: "Columns", cell: ({ columns }) => <Text value={columns.join(", ")} max={80} /> },
            {
              name: "State",
              cell: ({ status, reason }) => (
                <>
                  <StatusBadge status={status} />
                  {reason !== null && (
                    <span class="small muted">
                      {" "}
                      <Text value={reason.replaceAll("_", " ")} />
                    </span>
                  )}
                </>
              ),
            },
            { name: "Rows", right: true, cell: ({ rows }) => count(rows) },
            { name: "Sent to", cell: ({ to }) => (to === "file" ? "–" : <Text value={to.origin} max={60} />) },
            { name: "Ordered", cell: ({ created_at }) => <Moment at={created_at} /> },
            {
              name: "",
              cell: ({ id, file, status }) =>
                file !== null &&
                status === "done" && (
                  <a href={`${list.to}/${encodeURIComponent(id)}/file`} download>
                    Download<span class="hidden-text"> {id}</span>
                  </a>
                ),
            },
          ]}
        />
        <Pager path={list.to} query={{}} cursor={cursor} next={page.next_cursor} />
      </section>
    </Frame>
  );
}

function sourceOf(one: ExportWire, segments: readonly Named[]): string {
  if (one.segment_id === null) return `publication job ${one.publication_job_id ?? ""}`;
  return segments.find(({ id }) => id === one.segment_id)?.name ?? one.segment_id;
}

interface NewProps {
  readonly viewer: Viewer;
  readonly segments: readonly Named[];
  readonly campaigns: readonly CampaignName[];
  /** Whose customers, as its page leads here. */
  readonly jobId?: string | undefined;
  readonly sheet?: Sheet;
}

const options = (names: readonly Named[], none: string) => [
  { value: "", name: none },
  ...names.map(({ id, name }) => ({ value: id, name: shortened(name, 60) })),
];

export function NewExportPage({ viewer, segments, campaigns, jobId, sheet = freshSheet }: NewProps) {
  const boxes = { ...sheet, faults: new Map() };
  const fault = sheet.faults.get("columns");
  return (
    <Frame title="Export a list" viewer={viewer} place={place}>
      <Head up={list} title="Export a list" text="It is written in the background, and appears whole." />
      <Form viewer={viewer} action={list.to} class="form">
        <Faults sheet={sheet} />
        <AttemptField />
        <section class="card">
          <h2>Whom</h2>
          <div class="fields">
            <SelectField sheet={sheet} name="segment_id" label="Members of" options={options(segments, "no segment")} />
            <TextField
              sheet={sheet}
              name="publication_job_id"
              label="Or whom a publication was to reach"
              value={jobId}
              placeholder="the id of its job"
              maxlength={100}
            />
            <SelectField
              sheet={sheet}
              name="consent"
              label="Only with consent to"
              options={[
                { value: "", name: "everybody" },
                ...["email", "sms", "messenger"].map((kind) => ({ value: kind, name: kind })),
              ]}
            />
          </div>
        </section>
        <section class="card">
          <h2>What of them</h2>
          <fieldset class="field" id={fieldId("columns")}>
            <legend>Columns</legend>
            {fault && <p class="fault">{fault}</p>}
            <div class="fields">
              {plainColumns.map((column) => (
                <CheckField
                  sheet={boxes}
                  name="columns"
                  value={column}
                  label={column.replaceAll("_", " ")}
                  checked={column === "identifier"}
                />
              ))}
            </div>
          </fieldset>
          <div class="fields gap">
            <TextField
              sheet={sheet}
              name="attributes"
              label="Attributes"
              placeholder="size, city"
              hint="Their names, separated by commas."
            />
            <SelectField
              sheet={sheet}
              name="campaign_id"
              label="Codes are those of"
              options={options(campaigns, "no campaign")}
              hint="With a segment: the newest of each member."
            />
          </div>
        </section>
        <section class="card">
          <h2>Where to</h2>
          <ChoiceField
            sheet={sheet}
            name="where"
            label="The list becomes"
            value="file"
            options={[
              { value: "file", name: "A file to download" },
              { value: "url", name: "A file, which is sent to a URL too" },
            ]}
          />
          <div class="fields gap">
            <TextField
              sheet={sheet}
              name="to.url"
              type="url"
              label="URL"
              hint="https. A signed one is kept sealed, and forgotten at the end."
              maxlength={2_000}
            />
            <SelectField
              sheet={sheet}
              name="to.method"
              label="Method"
              options={["PUT", "POST"].map((name) => ({ value: name, name }))}
            />
          </div>
        </section>
        <p class="row">
          <button class="button primary" type="submit">
            Export the list
          </button>
          <a class="button" href={list.to}>
            Back
          </a>
        </p>
      </Form>
    </Frame>
  );
}
