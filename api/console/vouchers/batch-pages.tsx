/** Batches: all of them, and how far one is. */
import type { Page } from "../../http/pagination.ts";
import type { BatchWire } from "../../vouchers/schemas.ts";
import { codesPerPart } from "../../vouchers/sheet/schemas.ts";
import { count, Moment, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Done } from "../parts/done.tsx";
import { Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { Empty, StatusBadge } from "../parts/states.tsx";
import { listAddress, Pager, Table } from "../parts/table.tsx";
import type { Viewer } from "../viewer.ts";
import { batchAddress, vouchersAddress } from "./addresses.ts";
import { LayoutFields } from "./print.tsx";
import { Progress } from "./progress.tsx";

interface ListProps {
  readonly viewer: Viewer;
  readonly page: Page<BatchWire>;
  readonly names: ReadonlyMap<string, string>;
  readonly campaignId: string | undefined;
  readonly cursor: string | undefined;
}

const examplePattern = ({ pattern }: BatchWire) =>
  `${pattern.prefix ?? ""}${"•".repeat(pattern.length)}${pattern.suffix ?? ""}`;

export function BatchesPage(props: ListProps) {
  const { viewer, page } = props;
  const query = { campaign_id: props.campaignId };
  return (
    <Frame title="Batches" viewer={viewer} place="vouchers">
      <Head up={{ to: vouchersAddress, name: "Vouchers" }} title="Batches">
        <a class="button primary" href={listAddress("/console/vouchers/batches/new", query)}>
          Generate codes
        </a>
      </Head>
      <section class="card">
        <Table
          caption="Batches"
          rows={page.data}
          empty={
            <Empty
              title="No batches yet."
              text="Codes that are generated together are a batch, to be printed or downloaded."
            />
          }
          columns={[
            {
              name: "Codes",
              main: true,
              cell: (batch) => (
                <a class="code" href={batchAddress(batch.id)}>
                  {examplePattern(batch)}
                </a>
              ),
            },
            {
              name: "Campaign",
              cell: (batch) => <Text value={props.names.get(batch.campaign_id) ?? batch.campaign_id} max={50} />,
            },
            { name: "Made", right: true, cell: (batch) => `${count(batch.done)} of ${count(batch.size)}` },
            { name: "Status", cell: (batch) => <StatusBadge status={batch.status} /> },
            { name: "Begun", cell: (batch) => <Moment at={batch.created_at} /> },
          ]}
        />
        <Pager path="/console/vouchers/batches" query={query} cursor={props.cursor} next={page.next_cursor} />
      </section>
    </Frame>
  );
}

interface BatchProps {
  readonly viewer: Viewer;
  readonly batch: BatchWire;
  readonly campaign: string;
  readonly done?: string | undefined;
}

const doneTexts = {
  made: "The codes are being made.",
  cancelled: "It was stopped. What is made stays.",
  resumed: "It goes on.",
};

export function BatchPage(props: BatchProps) {
  const { viewer, batch } = props;
  const running = batch.status === "running";
  const parts = Math.max(1, Math.ceil(batch.done / codesPerPart));
  const address = batchAddress(batch.id);
  return (
    <Frame title="Batch" viewer={viewer} place="vouchers" scripts={running ? ["progress.js"] : []}>
      <Head
        up={{ to: "/console/vouchers/batches", name: "Batches" }}
        title={<span class="code">{examplePattern(batch)}</span>}
        beside={<StatusBadge status={batch.status} />}
        text={<Text value={props.campaign} />}
      >
        <a class="button" href={listAddress(vouchersAddress, { campaign_id: batch.campaign_id })}>
          The campaign's vouchers
        </a>
      </Head>
      <Done done={running || props.done !== "made" ? props.done : undefined} texts={doneTexts} />
      <div class="stack">
        <Progress done={batch.done} of={batch.size} unit="code" running={running}>
          {batch.error !== null && (
            <p class="notice bad">
              <Text value={batch.error} max={500} />
            </p>
          )}
          <div class="row gap">
            {running && <Act viewer={viewer} to={`${address}/cancel`} verb="Stop" />}
            {(batch.status === "cancelled" || batch.status === "failed") && (
              <Act viewer={viewer} to={`${address}/resume`} verb="Go on" />
            )}
            {batch.done > 0 && (
              <a class="button" href={`${address}/codes.csv`} download>
                Download the codes
              </a>
            )}
          </div>
        </Progress>
        {batch.done > 0 && (
          <section class="card">
            <h2>Print labels</h2>
            <form class="filters" method="get" action={`${address}/sheet.pdf`}>
              <LayoutFields />
              {parts > 1 && (
                <div>
                  <label for="part">{`Part, each of ${count(codesPerPart)} codes`}</label>
                  <input id="part" type="number" name="part" value={1} min={1} max={parts} />
                </div>
              )}
              <button class="button primary" type="submit">
                Sheet as PDF
              </button>
            </form>
            <p class="hint">
              With the code, the campaign's name and text, and until when it is valid. What is disabled or used up is
              left out; a code too long for Code 128 on its label is printed as a QR code.
            </p>
          </section>
        )}
      </div>
    </Frame>
  );
}

function Act(props: { viewer: Viewer; to: string; verb: string }) {
  return (
    <Form viewer={props.viewer} action={props.to}>
      <button class="button" type="submit">
        {props.verb}
      </button>
    </Form>
  );
}
