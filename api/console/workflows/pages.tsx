/** Workflows: all of them, and one read back as steps, with what it did. */
import type { z } from "@hono/zod-openapi";
import type { Page } from "../../http/pagination.ts";
import type { dryRunWire } from "../../workflows/dry-run-schema.ts";
import type { RunWire, WorkflowWire } from "../../workflows/read.ts";
import { runStatuses, statuses } from "../../workflows/schemas.ts";
import { count, Moment, plural, Text } from "../format.tsx";
import { Frame, Notice } from "../layout.tsx";
import { ConfirmPage } from "../parts/confirm-page.tsx";
import { Done } from "../parts/done.tsx";
import { SelectField, TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Empty, StatusBadge } from "../parts/states.tsx";
import { listAddress, Pager, Table } from "../parts/table.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { maySee, type Viewer } from "../viewer.ts";
import { DryRunCard } from "./dry-run-card.tsx";
import { RunStatus } from "./run-page.tsx";

const place = "workflows";
const list = { to: "/console/workflows", name: "Workflows" };
export const workflowAddress = (id: string) => `/console/workflows/${encodeURIComponent(id)}`;

const doneTexts = {
  created: "The draft is made. Try it out on yesterday's events below, then activate it.",
  saved: "Saved, as a new version where anything of what it does was changed.",
  active: "It is active: from now on events begin runs.",
  paused: "It is paused: nothing begins, and open runs wait before their next step.",
  archived: "It is archived; open runs end as cancelled.",
  retried: "The failed runs go on with the step that failed.",
};

interface ListProps {
  readonly viewer: Viewer;
  readonly page: Page<WorkflowWire>;
  readonly status: string | undefined;
  readonly cursor: string | undefined;
}

export function WorkflowsPage({ viewer, page, status, cursor }: ListProps) {
  return (
    <Frame title="Workflows" viewer={viewer} place={place}>
      <Head
        title="Workflows"
        text="If something happens, then do this: vouchers, points and messages that go by themselves."
      >
        <a class="button" href={`${list.to}/settings`}>
          For all workflows
        </a>
        {maySee(viewer, ["manage"]) && (
          <a class="button primary" href={`${list.to}/new`}>
            New workflow
          </a>
        )}
      </Head>
      <Tabs
        label="Workflows by status"
        tabs={[undefined, ...statuses].map((one) => ({
          name: one ?? "all",
          to: listAddress(list.to, { status: one }),
          here: status === one,
        }))}
      />
      <section class="card">
        <Table
          caption="Workflows"
          rows={page.data}
          empty={
            status === undefined ? (
              <Empty
                title="No workflows yet"
                text="A welcome, a birthday present, a reminder of a voucher that ends soon: said once, done for each customer."
              >
                {maySee(viewer, ["manage"]) && (
                  <a class="button primary" href={`${list.to}/new`}>
                    Make the first one
                  </a>
                )}
              </Empty>
            ) : (
              <Empty title="None of this status">
                <a class="button" href={list.to}>
                  All workflows
                </a>
              </Empty>
            )
          }
          columns={[
            {
              name: "Workflow",
              main: true,
              cell: (workflow) => (
                <>
                  <a href={workflowAddress(workflow.id)}>
                    <Text value={workflow.name} />
                  </a>
                  <div class="small muted">
                    <Text value={workflow.sentence} max={160} />
                  </div>
                </>
              ),
            },
            { name: "Status", cell: (workflow) => <StatusBadge status={workflow.status} /> },
            { name: "Open runs", right: true, cell: ({ runs }) => count(runs.running) },
            { name: "Failed", right: true, cell: ({ runs }) => count(runs.failed) },
            {
              name: "Active since",
              cell: ({ active_since }) => (active_since === null ? "–" : <Moment at={active_since} />),
            },
          ]}
        />
        <Pager path={list.to} query={{ status }} cursor={cursor} next={page.next_cursor} />
      </section>
    </Frame>
  );
}

const moves = {
  activate: { verb: "Activate", from: ["draft", "paused"] },
  pause: { verb: "Pause", from: ["active"] },
  archive: { verb: "Archive", from: ["draft", "active", "paused"] },
} as const;

export type Move = keyof typeof moves;

/** What the runs were asked for, as it stands in the address. */
interface AskedRuns {
  readonly status?: string | undefined;
  readonly customer?: string | undefined;
}

interface WorkflowProps {
  readonly viewer: Viewer;
  readonly workflow: WorkflowWire;
  readonly runs: Page<RunWire>;
  readonly asked: AskedRuns;
  readonly cursor?: string | undefined;
  readonly done?: string | undefined;
  readonly sheet?: Sheet;
  readonly drySheet?: Sheet;
  readonly dry?: z.output<typeof dryRunWire>;
}

export function WorkflowPage(props: WorkflowProps) {
  const { viewer, workflow, done, sheet = freshSheet, drySheet = freshSheet, dry } = props;
  const address = workflowAddress(workflow.id);
  const mayChange = maySee(viewer, ["manage"]);
  return (
    <Frame title={workflow.name} viewer={viewer} place={place}>
      <Head
        up={list}
        title={<Text value={workflow.name} />}
        beside={<StatusBadge status={workflow.status} />}
        text={`Version ${workflow.version}`}
      >
        {mayChange && workflow.status !== "archived" && (
          <a class="button" href={`${address}/edit`}>
            Change
          </a>
        )}
        {mayChange &&
          (Object.keys(moves) as Move[])
            .filter((move) => (moves[move].from as readonly string[]).includes(workflow.status))
            .map((move) => (
              <a class={`button ${move === "activate" ? "primary" : ""}`} href={`${address}/${move}`}>
                {moves[move].verb}
              </a>
            ))}
      </Head>
      <Done done={done} texts={doneTexts} />
      <Faults sheet={sheet} />
      <div class="stack">
        <section class="card">
          <h2>What it does</h2>
          <p class="strong">
            <Text value={workflow.sentence} max={1_000} />
          </p>
          <ol class="numbered" data-test="steps">
            {workflow.step_sentences.map((sentence) => (
              <li>
                <Text value={sentence} max={500} />
              </li>
            ))}
          </ol>
          <Settings workflow={workflow} />
        </section>
        {workflow.runs.failed > 0 && (
          <Notice tone="warn">
            <div>
              {`${plural(workflow.runs.failed, "run")} failed. `}
              {mayChange && workflow.status !== "archived" && (
                <Form viewer={viewer} action={`${address}/retry-failed`}>
                  <button class="button" type="submit">
                    Let them go on
                  </button>
                </Form>
              )}
            </div>
          </Notice>
        )}
        <section class="card">
          <h2>Dry run</h2>
          <p class="muted">
            Whom it would have reached, by the events of a time. Nothing is changed and nobody is written to.
          </p>
          <Faults sheet={drySheet} />
          <Form viewer={viewer} action={`${address}/dry-run`}>
            <div class="fields">
              <TextField
                sheet={drySheet}
                name="from"
                type="datetime-local"
                label="From (UTC)"
                hint="Empty: yesterday."
              />
              <TextField sheet={drySheet} name="to" type="datetime-local" label="To (UTC)" />
            </div>
            <p class="row gap">
              <button class="button" type="submit">
                Try it out
              </button>
            </p>
          </Form>
        </section>
        {dry && <DryRunCard dry={dry} />}
        <Runs {...props} />
      </div>
    </Frame>
  );
}

function Settings({ workflow }: { workflow: WorkflowWire }) {
  const { time_zone, quiet_hours, cap, entry, entry_gap_days, currency } = workflow.settings;
  const entries = {
    every_time: "each time",
    once: "once for ever",
    not_while_running: "when no run of theirs is open",
  };
  return (
    <dl class="facts">
      <dt>A customer begins it</dt>
      <dd>
        {entries[entry]}
        {entry_gap_days !== undefined && `, ${plural(entry_gap_days, "day")} apart at least`}
      </dd>
      <dt>Time zone</dt>
      <dd>{time_zone}</dd>
      <dt>Quiet hours</dt>
      <dd>{quiet_hours === undefined ? "none" : `${quiet_hours.from} to ${quiet_hours.to}`}</dd>
      <dt>Messages</dt>
      <dd>{cap === undefined ? "no cap of its own" : `at most ${cap.deliveries_max} in ${plural(cap.days, "day")}`}</dd>
      {currency !== undefined && (
        <>
          <dt>Currency</dt>
          <dd>{currency}</dd>
        </>
      )}
    </dl>
  );
}

function Runs({ workflow, runs, asked, cursor }: WorkflowProps) {
  const address = workflowAddress(workflow.id);
  return (
    <section class="card" id="runs">
      <h2>Runs</h2>
      <form method="get" action={`${address}#runs`} class="filters" novalidate>
        <SelectField
          sheet={freshSheet}
          name="status"
          label="Status"
          value={asked.status}
          options={[{ value: "", name: "any" }, ...runStatuses.map((status) => ({ value: status, name: status }))]}
        />
        <TextField sheet={freshSheet} name="customer" label="Customer" value={asked.customer} maxlength={200} />
        <button class="button" type="submit">
          Show
        </button>
      </form>
      <Table
        caption="Runs"
        rows={runs.data}
        empty={
          <Empty
            title="No runs"
            text="None that were asked for. A run begins when the trigger's event comes for a customer."
          />
        }
        columns={[
          {
            name: "Customer",
            main: true,
            cell: (run) => (
              <a href={`/console/workflows/runs/${encodeURIComponent(run.id)}`}>
                <Text value={run.customer.identifier} />
              </a>
            ),
          },
          { name: "Status", cell: (run) => <RunStatus run={run} /> },
          { name: "Next step", right: true, cell: (run) => (run.status === "running" ? run.position + 1 : "–") },
          { name: "Began", cell: (run) => <Moment at={run.started_at} /> },
          { name: "Ended", cell: (run) => (run.ended_at === null ? "–" : <Moment at={run.ended_at} />) },
        ]}
      />
      <Pager path={address} query={{ ...asked }} cursor={cursor} next={runs.next_cursor} />
    </section>
  );
}

const questions: Readonly<Record<Move, string>> = {
  activate:
    "From now on its events begin runs: vouchers are handed out and messages are sent. What happened before begins nothing; runs that waited while it was paused go on.",
  pause: "Nothing begins, and open runs wait before their next step until it is activated again.",
  archive: "For good: nothing begins, and open runs end as cancelled. What they did stays done.",
};

interface MoveProps {
  readonly viewer: Viewer;
  readonly workflow: WorkflowWire;
  readonly move: Move;
  readonly sheet?: Sheet;
}

export function MovePage({ viewer, workflow, move, sheet }: MoveProps) {
  const address = workflowAddress(workflow.id);
  return (
    <ConfirmPage
      viewer={viewer}
      place={place}
      title={`${moves[move].verb} a workflow`}
      action={`${address}/${move}`}
      verb={moves[move].verb}
      danger={move === "archive"}
      back={{ to: address, name: "Workflow" }}
      {...(sheet && { sheet })}
    >
      <p>
        <strong>
          <Text value={workflow.name} />
        </strong>
        : <Text value={workflow.sentence} max={1_000} />
      </p>
      <p>{questions[move]}</p>
    </ConfirmPage>
  );
}
