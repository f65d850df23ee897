/** Workflows, as they are read, tried out, started and watched: the verbs of /v1/workflows and /v1/workflow-runs. */
import type { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Deps } from "../../deps.ts";
import { databaseNow } from "../../http/occurred-at.ts";
import { Problem } from "../../http/problem.ts";
import { signedTransaction } from "../../reviews/actor.ts";
import { setStatus } from "../../workflows/change.ts";
import { dryRunOf } from "../../workflows/dry-run.ts";
import { dryRunBody, type dryRunWire } from "../../workflows/dry-run-schema.ts";
import { pageOfRuns, pageOfWorkflows, readRun, readWorkflow } from "../../workflows/read.ts";
import { retryFailed, retryRun } from "../../workflows/retry.ts";
import { runStatuses, statuses } from "../../workflows/schemas.ts";
import { parsed, submitForm } from "../parts/form.tsx";
import { instantOf } from "../parts/moments.tsx";
import { refusedSheet, type Sheet, textOf, typedSheet } from "../parts/sheet.ts";
import { actorOf, type ConsoleEnv, readForm, requireScope, smallForm } from "../viewer.ts";
import { mountWorkflowForms } from "./form-routes.tsx";
import { type Move, MovePage, WorkflowPage, WorkflowsPage, workflowAddress } from "./pages.tsx";
import { RunPage } from "./run-page.tsx";
import { mountWorkflowSettings } from "./settings-routes.tsx";

const perPage = 50;
const runsPerPage = 25;
const mayChange = requireScope("Changes of workflows", "manage");
const becomes = { activate: "active", pause: "paused", archive: "archived" } as const;

export function mountWorkflows(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  router.use("/console/workflows/*", requireScope("Workflows", "manage", "analytics"));

  mountWorkflowForms(router, deps);
  mountWorkflowSettings(router, deps);

  router.get("/console/workflows", async (c) => {
    const cursor = c.req.query("cursor");
    const status = statuses.find((one) => one === c.req.query("status"));
    const page = await pageOfWorkflows(deps.db, c.var.viewer.projectId, { limit: perPage, cursor, status });
    return c.html(<WorkflowsPage viewer={c.var.viewer} page={page} status={status} cursor={cursor} />);
  });

  router.get("/console/workflows/runs/:id", async (c) => {
    const run = await readRun(deps.db, c.var.viewer.projectId, c.req.param("id"));
    return c.html(<RunPage viewer={c.var.viewer} run={run} done={c.req.query("done")} />);
  });

  router.post("/console/workflows/runs/:id/retry", mayChange, smallForm, async (c) => {
    const { viewer } = c.var;
    const run = await readRun(deps.db, viewer.projectId, c.req.param("id"));
    return submitForm(c, {
      work: async () => {
        await signedTransaction(deps.pool, actorOf(c), async ({ tx }) =>
          retryRun(tx, viewer.projectId, run.id, await databaseNow(tx)),
        );
        return `/console/workflows/runs/${encodeURIComponent(run.id)}?done=retried`;
      },
      again: (sheet) => <RunPage viewer={viewer} run={run} sheet={sheet} />,
    });
  });

  router.get("/console/workflows/:id", (c) => show(c, c.req.param("id"), { done: c.req.query("done") }));

  router.post("/console/workflows/:id/retry-failed", mayChange, smallForm, async (c) => {
    const { projectId } = c.var.viewer;
    const id = c.req.param("id");
    const form = await readForm(c);
    try {
      await signedTransaction(deps.pool, actorOf(c), async ({ tx }) =>
        retryFailed(tx, projectId, id, {}, await databaseNow(tx)),
      );
      return c.redirect(`${workflowAddress(id)}?done=retried`, 303);
    } catch (error) {
      if (!(error instanceof Problem) || error.code === "not_found") throw error;
      return show(c, id, { sheet: refusedSheet(form, error) }, error.status);
    }
  });

  // A dry run changes nothing: who may read a workflow may try it out.
  router.post("/console/workflows/:id/dry-run", smallForm, async (c) => {
    const id = c.req.param("id");
    const form = await readForm(c);
    try {
      const window = parsed(dryRunBody, {
        from: instantOf(textOf(form, "from"), "UTC"),
        to: instantOf(textOf(form, "to"), "UTC"),
      });
      const dry = await dryRunOf(deps, c.var.viewer.projectId, id, window);
      return await show(c, id, { dry, drySheet: typedSheet(form) });
    } catch (error) {
      if (!(error instanceof Problem) || error.code === "not_found") throw error;
      return show(c, id, { drySheet: refusedSheet(form, error) }, error.status);
    }
  });

  for (const move of Object.keys(becomes) as Move[]) {
    router.get(`/console/workflows/:id/${move}`, mayChange, async (c) => {
      const workflow = await readWorkflow(deps.db, c.var.viewer.projectId, c.req.param("id"));
      return c.html(<MovePage viewer={c.var.viewer} workflow={workflow} move={move} />);
    });
    router.post(`/console/workflows/:id/${move}`, mayChange, smallForm, async (c) => {
      const { viewer } = c.var;
      const workflow = await readWorkflow(deps.db, viewer.projectId, c.req.param("id"));
      return submitForm(c, {
        work: async () => {
          await signedTransaction(deps.pool, actorOf(c), async ({ tx }) =>
            setStatus(tx, viewer.projectId, workflow.id, becomes[move], await databaseNow(tx)),
          );
          return `${workflowAddress(workflow.id)}?done=${becomes[move]}`;
        },
        again: (sheet) => <MovePage viewer={viewer} workflow={workflow} move={move} sheet={sheet} />,
      });
    });
  }

  interface Shown {
    readonly done?: string | undefined;
    readonly sheet?: Sheet;
    readonly drySheet?: Sheet;
    readonly dry?: z.output<typeof dryRunWire>;
  }

  async function show(c: Context<ConsoleEnv>, id: string, shown: Shown, status: Problem["status"] = 200) {
    const { viewer } = c.var;
    const cursor = c.req.query("cursor");
    const asked = {
      status: runStatuses.find((one) => one === c.req.query("status")),
      customer: c.req.query("customer")?.trim() || undefined,
    };
    const workflow = await readWorkflow(deps.db, viewer.projectId, id);
    const runs = await pageOfRuns(deps.db, viewer.projectId, id, { limit: runsPerPage, cursor, ...asked });
    return c.html(
      <WorkflowPage viewer={viewer} workflow={workflow} runs={runs} asked={asked} cursor={cursor} {...shown} />,
      status,
    );
  }
}
