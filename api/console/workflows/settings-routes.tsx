/** What `GET` and `PUT /v1/workflow-settings` do, as a page and its form. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Deps } from "../../deps.ts";
import { databaseNow } from "../../http/occurred-at.ts";
import { readProjectCap, writeProjectCap } from "../../workflows/caps.ts";
import { projectSettings } from "../../workflows/schemas.ts";
import { parsed, submitForm } from "../parts/form.tsx";
import { wholeOf } from "../parts/money.ts";
import { textOf } from "../parts/sheet.ts";
import { inConsole } from "../transaction.ts";
import { type ConsoleEnv, type Form, requireScope, smallForm } from "../viewer.ts";
import { settingsAddress, WorkflowSettingsPage } from "./settings-page.tsx";

/** Before the pages of single workflows: its address looks like one of theirs. */
export function mountWorkflowSettings(router: OpenAPIHono<ConsoleEnv>, { db }: Pick<Deps, "db">): void {
  router.get(settingsAddress, async (c) => {
    const cap = await readProjectCap(db, c.var.viewer.projectId);
    return c.html(<WorkflowSettingsPage viewer={c.var.viewer} cap={cap} done={c.req.query("done")} />);
  });

  router.post(settingsAddress, requireScope("Changes of workflows", "manage"), smallForm, async (c) => {
    const { viewer } = c.var;
    const stored = await readProjectCap(db, viewer.projectId);
    return submitForm(c, {
      work: async (form) => {
        const { cap } = parsed(projectSettings, { cap: capIn(form) });
        await inConsole(c, async (tx) => writeProjectCap(tx, viewer.projectId, cap, await databaseNow(tx)));
        return `${settingsAddress}?done=saved`;
      },
      again: (sheet) => <WorkflowSettingsPage viewer={viewer} cap={stored} sheet={sheet} />,
    });
  });
}

/** Null when both fields are empty. */
function capIn(form: Form) {
  const deliveries_max = wholeOf(textOf(form, "cap.deliveries_max"));
  const days = wholeOf(textOf(form, "cap.days"));
  return deliveries_max === undefined && days === undefined ? null : { deliveries_max, days };
}
