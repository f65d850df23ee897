/** How far a publication to many is, what came of it, and the question before it is ended. */
import type { JobWire } from "../../publications/jobs/schemas.ts";
import { count, Moment, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import type { Named } from "../names.ts";
import { ConfirmPage } from "../parts/confirm-page.tsx";
import { Done } from "../parts/done.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { StatusBadge } from "../parts/states.tsx";
import { listAddress, Table } from "../parts/table.tsx";
import type { Viewer } from "../viewer.ts";
import { Progress } from "../vouchers/progress.tsx";
import { errorWords, jobAddress, list, skippedOf, skippedWords } from "./words.tsx";

/** Those that are not there any more have no name. */
interface Names {
  readonly campaign: string;
  readonly segment: Named | undefined;
  readonly channel: Named | undefined;
  readonly template: Named | undefined;
}

interface JobProps {
  readonly viewer: Viewer;
  readonly job: JobWire;
  readonly names: Names;
  readonly done?: string | undefined;
  readonly sheet?: Sheet;
}

/** By what has become of it: the address says what was done, and stays when the job goes on. */
const doneTexts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  running: { ordered: "The vouchers are being handed out.", resumed: "It goes on." },
  paused: { paused: "It was paused. What is handed out stays." },
  cancelled: { cancelled: "It was ended. What is handed out stays." },
};

export function JobPage({ viewer, job, names, done, sheet = freshSheet }: JobProps) {
  const running = job.status === "running" || job.status === "receiving";
  const address = jobAddress(job.id);
  return (
    <Frame title="Publication" viewer={viewer} place="publications" scripts={running ? ["progress.js"] : []}>
      <Head
        up={list}
        title={<Text value={job.name ?? "Publication to many"} />}
        beside={<StatusBadge status={job.status} />}
        text={<Text value={names.campaign} />}
      >
        <a class="button" href={listAddress("/console/list-exports/new", { publication_job_id: job.id })}>
          Export the list
        </a>
      </Head>
      <Done done={done} texts={doneTexts[job.status] ?? {}} />
      <Faults sheet={sheet} />
      <div class="stack">
        <Progress done={job.published + skippedOf(job)} of={job.total} unit="customer" running={running}>
          {running && job.total === 0 && <p class="muted">Who is in the segment is being written down.</p>}
          <dl class="facts gap" data-test="counts">
            <dt>Published</dt>
            <dd>{count(job.published)}</dd>
            <dt>Got nothing</dt>
            <dd>{skippedWords(job)}</dd>
            <dt>Rows refused</dt>
            <dd>{count(job.failed)}</dd>
          </dl>
          {job.error !== null && <p class="notice bad gap">{errorWords(job.error)}</p>}
          <div class="row gap">
            {job.status === "running" && <Act viewer={viewer} to={`${address}/pause`} verb="Pause" />}
            {(job.status === "paused" || job.status === "failed") && (
              <Act viewer={viewer} to={`${address}/resume`} verb="Go on" />
            )}
            {(job.status === "running" || job.status === "paused") && (
              <a class="button danger" href={`${address}/cancel`}>
                End it
              </a>
            )}
          </div>
        </Progress>
        <section class="card">
          <dl class="facts">
            <dt>To</dt>
            <dd>
              <Target job={job} segment={names.segment} />
            </dd>
            <dt>Sent</dt>
            <dd>
              {job.deliver === null ? (
                "no"
              ) : (
                <>
                  by <Text value={names.channel?.name ?? job.deliver.channel_id} max={100} /> with{" "}
                  <Text value={names.template?.name ?? job.deliver.template_id} max={100} />
                </>
              )}
            </dd>
            <dt>In reports</dt>
            <dd>
              <Text value={job.channel} max={100} />
            </dd>
            <dt>Ordered</dt>
            <dd>
              <Moment at={job.created_at} />
            </dd>
            <dt>Id</dt>
            <dd class="code">{job.id}</dd>
          </dl>
        </section>
        {job.failed > 0 && <Refused job={job} />}
      </div>
    </Frame>
  );
}

function Target({ job, segment }: { job: JobWire; segment: Named | undefined }) {
  if (job.segment_id === null) return <>a list of customers</>;
  if (segment === undefined) return <>a segment that was deleted</>;
  return (
    <a href={`/console/segments/${encodeURIComponent(segment.id)}`}>
      <Text value={segment.name} max={100} />
    </a>
  );
}

function Refused({ job }: { job: JobWire }) {
  return (
    <section class="card">
      <h2>Rows that were refused</h2>
      {job.failed > job.faults.length && <p class="muted">{`The first ${job.faults.length} of them.`}</p>}
      <Table
        caption="Rows that were refused"
        rows={job.faults}
        empty={null}
        columns={[
          { name: "Line", right: true, cell: ({ line }) => count(line) },
          { name: "Why", main: true, cell: ({ reason }) => <Text value={reason} /> },
        ]}
      />
    </section>
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

export function CancelPage({ viewer, job }: { viewer: Viewer; job: JobWire }) {
  const left = job.total - job.published - skippedOf(job);
  return (
    <ConfirmPage
      viewer={viewer}
      place="publications"
      title="End this publication?"
      action={`${jobAddress(job.id)}/cancel`}
      verb="End it"
      danger
      back={{ to: jobAddress(job.id), name: "Publication" }}
    >
      <p>{`${count(job.published)} vouchers were handed out, and stay. The ${count(left)} customers who are left get nothing. It cannot go on after this.`}</p>
    </ConfirmPage>
  );
}
