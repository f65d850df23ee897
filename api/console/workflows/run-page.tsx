/** One customer's run: what each step did, and why not. */
import type { RunWire, RunWithLogWire } from "../../workflows/read.ts";
import { Moment, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Done } from "../parts/done.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Badge, type Tone } from "../parts/states.tsx";
import { maySee, type Viewer } from "../viewer.ts";

const tones: Readonly<Record<RunWire["status"], Tone>> = {
  running: "accent",
  finished: "good",
  stopped: "plain",
  skipped: "warn",
  failed: "bad",
  cancelled: "warn",
};
const outcomeTones: Readonly<Record<string, Tone>> = {
  done: "good",
  met: "good",
  withheld: "warn",
  not_met: "warn",
  failed: "bad",
  waiting: "accent",
};
const words = (text: string) => text.replaceAll("_", " ");

export function RunStatus({ run }: { run: RunWire }) {
  return (
    <>
      <Badge tone={tones[run.status]}>{run.held ? "held" : run.status}</Badge>
      {run.reason !== null && (
        <span class="small muted">
          {" "}
          <Text value={words(run.reason)} />
        </span>
      )}
    </>
  );
}

interface RunProps {
  readonly viewer: Viewer;
  readonly run: RunWithLogWire;
  readonly done?: string | undefined;
  readonly sheet?: Sheet;
}

export function RunPage({ viewer, run, done, sheet = freshSheet }: RunProps) {
  const up = { to: `/console/workflows/${encodeURIComponent(run.workflow_id)}`, name: "Workflow" };
  return (
    <Frame title="Run of a workflow" viewer={viewer} place="workflows">
      <Head up={up} title={<Text value={run.customer.identifier} />} beside={<RunStatus run={run} />}>
        {run.status === "failed" && !run.forgotten && maySee(viewer, ["manage"]) && (
          <Form viewer={viewer} action={`/console/workflows/runs/${encodeURIComponent(run.id)}/retry`}>
            <button class="button primary" type="submit">
              Let it go on
            </button>
          </Form>
        )}
      </Head>
      <Done done={done} texts={{ retried: "It goes on with the step that failed." }} />
      <Faults sheet={sheet} />
      <div class="stack">
        <section class="card">
          <dl class="facts">
            <dt>Began with</dt>
            <dd>
              {words(run.trigger.on)}, <Moment at={run.trigger.at} />
            </dd>
            <dt>Version</dt>
            <dd>{run.version}</dd>
            {run.status === "running" && (
              <>
                <dt>Next</dt>
                <dd>
                  step {run.position + 1}, due <Moment at={run.due_at} />
                </dd>
              </>
            )}
          </dl>
        </section>
        <section class="card">
          <h2>Steps</h2>
          <ol class="numbered">
            {run.steps.map((step) => (
              <li>
                <Text value={step.sentence} max={500} /> <Outcome run={run} position={step.position} />
              </li>
            ))}
          </ol>
        </section>
        <section class="card">
          <h2>All that happened</h2>
          {run.forgotten && <p class="muted">It ended so long ago that its log was forgotten.</p>}
          <ol class="timeline">
            {run.log.map((entry) => (
              <li>
                {entry.position === null ? "The run" : `Step ${entry.position + 1}`}:{" "}
                <Badge tone={outcomeTones[entry.outcome] ?? "plain"}>{words(entry.outcome)}</Badge>
                {entry.reason !== null && (
                  <>
                    {" "}
                    <Text value={words(entry.reason)} />
                  </>
                )}
                <br />
                <span class="small muted">
                  <Moment at={entry.at} />
                  {Object.entries(entry.detail).map(([name, value]) => (
                    <>
                      {` · ${words(name)} `}
                      <Text value={String(value)} max={80} />
                    </>
                  ))}
                </span>
              </li>
            ))}
          </ol>
        </section>
      </div>
    </Frame>
  );
}

/** What became of a step in the end. */
function Outcome({ run, position }: { run: RunWithLogWire; position: number }) {
  const last = run.log.findLast((entry) => entry.position === position && entry.type !== null);
  if (last === undefined) return null;
  return <Badge tone={outcomeTones[last.outcome] ?? "plain"}>{words(last.outcome)}</Badge>;
}
