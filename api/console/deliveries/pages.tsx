/** Messages to customers: the log, and one delivery with its attempts. */
import type { DeliveryWithAttempts } from "../../deliveries/read.ts";
import type { DeliveryWire } from "../../deliveries/schemas.ts";
import type { Page } from "../../http/pagination.ts";
import { Moment, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Done } from "../parts/done.tsx";
import { SelectField, TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Empty, StatusBadge } from "../parts/states.tsx";
import { Pager, Table } from "../parts/table.tsx";
import type { Viewer } from "../viewer.ts";

const place = "deliveries";
const list = { to: "/console/deliveries", name: "Deliveries" };
const statuses = ["queued", "sending", "sent", "failed", "skipped", "bounced"] as const;
const words = (text: string) => text.replaceAll("_", " ");

export const deliveryAddress = (id: string) => `/console/deliveries/${encodeURIComponent(id)}`;

export const askedNames = [
  "status",
  "customer",
  "workflow_run_id",
  "publication_id",
  "campaign_id",
  "from",
  "to",
] as const;
export type Asked = Readonly<Partial<Record<(typeof askedNames)[number], string>>>;

interface ListProps {
  readonly viewer: Viewer;
  readonly asked: Asked;
  readonly page: Page<DeliveryWire>;
  readonly cursor: string | undefined;
  readonly sheet: Sheet;
}

export function DeliveriesPage({ viewer, asked, page, cursor, sheet }: ListProps) {
  return (
    <Frame title="Deliveries" viewer={viewer} place={place}>
      <Head title="Deliveries" text="Every message to a customer: what became of it, and why.">
        <a class="button" href="/console/suppressions">
          Suppressed addresses
        </a>
      </Head>
      <Faults sheet={sheet} />
      <div class="stack">
        <form method="get" action={list.to} class="card" novalidate>
          <div class="fields">
            <SelectField
              sheet={sheet}
              name="status"
              label="Status"
              value={asked.status}
              options={[{ value: "", name: "any" }, ...statuses.map((status) => ({ value: status, name: status }))]}
            />
            <TextField sheet={sheet} name="customer" label="Customer" value={asked.customer} maxlength={200} />
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
            caption="Deliveries"
            rows={page.data}
            empty={<Empty title="No messages" text="None that were asked for. Workflows and publications send them." />}
            columns={[
              {
                name: "Customer",
                main: true,
                cell: (delivery) => (
                  <a href={deliveryAddress(delivery.id)}>
                    <Text value={delivery.customer} max={80} />
                  </a>
                ),
              },
              { name: "Status", cell: (delivery) => <State delivery={delivery} /> },
              { name: "Channel", cell: ({ channel }) => <Text value={channel.name} max={60} /> },
              { name: "Template", cell: ({ template }) => <Text value={template.name} max={60} /> },
              { name: "Ordered", cell: (delivery) => <Moment at={delivery.created_at} /> },
            ]}
          />
          <Pager path={list.to} query={asked} cursor={cursor} next={page.next_cursor} />
        </section>
      </div>
    </Frame>
  );
}

function State({ delivery }: { delivery: DeliveryWire }) {
  return (
    <>
      <StatusBadge status={delivery.status} />
      {delivery.reason !== null && (
        <span class="small muted">
          {" "}
          <Text value={words(delivery.reason)} max={80} />
        </span>
      )}
    </>
  );
}

interface DeliveryProps {
  readonly viewer: Viewer;
  readonly delivery: DeliveryWithAttempts;
  readonly done?: string | undefined;
  readonly sheet?: Sheet;
}

export function DeliveryPage({ viewer, delivery, done, sheet = freshSheet }: DeliveryProps) {
  const mayRetry = delivery.status === "failed" || delivery.status === "skipped";
  return (
    <Frame title="Delivery" viewer={viewer} place={place}>
      <Head up={list} title={<Text value={delivery.customer} />} beside={<State delivery={delivery} />}>
        {mayRetry && (
          <Form viewer={viewer} action={`${deliveryAddress(delivery.id)}/retry`}>
            <button class="button primary" type="submit">
              Try again
            </button>
          </Form>
        )}
      </Head>
      <Done
        done={done}
        texts={{ retried: "It is queued again; consent, suppression and caps are looked at once more." }}
      />
      <Faults sheet={sheet} />
      <div class="stack">
        <section class="card">
          <dl class="facts">
            <dt>Channel</dt>
            <dd>
              <Text value={delivery.channel.name} /> ({words(delivery.channel.kind)})
            </dd>
            <dt>Template</dt>
            <dd>
              <Text value={delivery.template.name} />, version {delivery.template.version}
            </dd>
            <dt>Purpose</dt>
            <dd>{delivery.purpose}</dd>
            <dt>Address</dt>
            <dd>{delivery.address === null ? "–" : <Text value={delivery.address} />}</dd>
            <dt>Ordered</dt>
            <dd>
              <Moment at={delivery.created_at} />
            </dd>
            {delivery.next_attempt_at !== null && (
              <>
                <dt>Next attempt</dt>
                <dd>
                  <Moment at={delivery.next_attempt_at} />
                </dd>
              </>
            )}
            {delivery.may_have_arrived && (
              <>
                <dt>Mind</dt>
                <dd>An attempt ended without an answer: it may have arrived.</dd>
              </>
            )}
            {delivery.workflow_run_id !== null && (
              <>
                <dt>Because of</dt>
                <dd>
                  <a href={`/console/workflows/runs/${encodeURIComponent(delivery.workflow_run_id)}`}>
                    a workflow's run
                  </a>
                </dd>
              </>
            )}
          </dl>
        </section>
        <section class="card">
          <h2>Attempts</h2>
          <Table
            caption="Attempts"
            rows={delivery.attempts_log}
            empty={<Empty title="None yet" />}
            columns={[
              { name: "No.", cell: (attempt) => attempt.number },
              { name: "Outcome", main: true, cell: (attempt) => <StatusBadge status={attempt.outcome} /> },
              {
                name: "Why",
                cell: ({ reason }) => (reason === null ? "–" : <Text value={words(reason)} max={200} />),
              },
              { name: "Began", cell: (attempt) => <Moment at={attempt.started_at} /> },
              { name: "Ended", cell: (attempt) => <Moment at={attempt.ended_at} /> },
            ]}
          />
        </section>
      </div>
    </Frame>
  );
}
