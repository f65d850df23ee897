/** The forms that make and change a workflow: shown, stepped through, refused with what was typed, saved. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Deps } from "../../deps.ts";
import { databaseNow } from "../../http/occurred-at.ts";
import { Problem } from "../../http/problem.ts";
import { changeWorkflow, createWorkflow } from "../../workflows/change.ts";
import { readWorkflow as readStored, type WorkflowWire } from "../../workflows/read.ts";
import { workflowBody, workflowPatch } from "../../workflows/schemas.ts";
import { namesOfCampaigns } from "../campaign-names.ts";
import { once } from "../parts/attempt.tsx";
import { parsed } from "../parts/form.tsx";
import { instantsIn } from "../parts/moments.tsx";
import { wholeOf } from "../parts/money.ts";
import { refusedSheet, type Sheet, typedSheet } from "../parts/sheet.ts";
import { checkNames, first } from "../rules/nested.ts";
import { step } from "../rules/steps.ts";
import { inConsole } from "../transaction.ts";
import { type ConsoleEnv, type Form, formUpTo, readForm, requireScope } from "../viewer.ts";
import { firstCondition } from "./asks.ts";
import { asShown, fittedTo, otherCampaigns, readChoices } from "./choices.ts";
import { EditPage } from "./edit-page.tsx";
import { workflowAddress } from "./pages.tsx";
import { freshStep } from "./step-editor.tsx";
import { readWorkflow, workflowField, writeWorkflow } from "./workflow-fields.ts";

type ConsoleContext = Context<ConsoleEnv>;

/** Twenty steps, and conditions between them. */
const workflowForm = formUpTo(128 * 1024);
const newAddress = "/console/workflows/new";
const fresh = { steps: freshStep };

export function mountWorkflowForms(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  const manage = requireScope("Changes of workflows", "manage");

  router.get(newAddress, manage, (c) => {
    const form: Form = {
      "trigger.on": ["order.paid"],
      "steps.0.type": [freshStep.type],
      "settings.entry": ["every_time"],
      "settings.time_zone": ["UTC"],
    };
    return show(c, undefined, typedSheet(form));
  });

  router.post(newAddress, workflowForm, manage, (c) => submit(c, undefined));

  router.get("/console/workflows/:id/edit", manage, async (c) => {
    const stored = await storedOf(c);
    return show(c, stored, typedSheet(writeWorkflow(stored)));
  });

  router.post("/console/workflows/:id/edit", workflowForm, manage, async (c) => submit(c, await storedOf(c)));

  async function storedOf(c: ConsoleContext): Promise<WorkflowWire> {
    const stored = await readStored(deps.db, c.var.viewer.projectId, (c.req.param("id") ?? "").slice(0, 100));
    if (stored.status === "archived") throw new Problem("conflict", "An archived workflow cannot be changed.");
    return stored;
  }

  async function show(
    c: ConsoleContext,
    stored: WorkflowWire | undefined,
    sheet: Sheet,
    status: Problem["status"] = 200,
  ): Promise<Response> {
    const form = sheet.typed ?? {};
    const { projectId } = c.var.viewer;
    const known = await readChoices(deps.db, projectId);
    const others = await namesOfCampaigns(deps.db, projectId, otherCampaigns(form, known));
    const choices = fittedTo(form, { ...known, others });
    const shown = { ...sheet, typed: asShown(form, choices) };
    const action = stored === undefined ? newAddress : `${workflowAddress(stored.id)}/edit`;
    const page = <EditPage viewer={c.var.viewer} sheet={shown} stored={stored} choices={choices} action={action} />;
    return c.html(page, status);
  }

  async function submit(c: ConsoleContext, stored: WorkflowWire | undefined): Promise<Response> {
    const { token: _, ...form } = checkNames(await readForm(c));
    const stepped = step(form, fresh, firstCondition(form));
    if (stepped) return show(c, stored, typedSheet(stepped));
    try {
      const id = await save(c, stored, form);
      return c.redirect(`${workflowAddress(id)}?done=${stored === undefined ? "created" : "saved"}`, 303);
    } catch (error) {
      if (!(error instanceof Problem) || error.code === "not_found" || error.status >= 500) throw error;
      return refuse(c, stored, form, error);
    }
  }

  async function save(c: ConsoleContext, stored: WorkflowWire | undefined, form: Form): Promise<string> {
    const { projectId } = c.var.viewer;
    const body = readWorkflow(form, await readChoices(deps.db, projectId), instantsIn(stored));
    if (stored === undefined) {
      const input = parsed(workflowBody, body);
      const made = await once(c, form, "workflow", input, async (tx) => {
        const { id } = await createWorkflow(tx, projectId, input, await databaseNow(tx));
        return { id };
      });
      return made.id;
    }
    const patch = parsed(workflowPatch, { ...body, version: wholeOf(first(form, "version")) });
    await inConsole(c, async (tx) => changeWorkflow(tx, projectId, stored.id, patch, await databaseNow(tx)));
    return stored.id;
  }

  /** What was typed stays. After somebody else's change the next try is made for theirs: to replace it is then a decision. */
  async function refuse(
    c: ConsoleContext,
    stored: WorkflowWire | undefined,
    form: Form,
    problem: Problem,
  ): Promise<Response> {
    const outdated = problem.options.errors?.some(({ pointer }) => pointer === "/version") === true;
    if (!outdated || stored === undefined) {
      return show(c, stored, refusedSheet(form, problem, workflowField), problem.status);
    }
    const now = await storedOf(c);
    const refused =
      `Somebody changed this workflow while you did (it has version ${now.version} now). Nothing of yours is saved yet, ` +
      "and everything you typed is still here. Look at the workflow in another tab; saving again replaces what they changed.";
    const sheet = { ...typedSheet({ ...form, version: [String(now.version)] }), refused };
    return show(c, now, sheet, problem.status);
  }
}
