/** Exports of lists: the verbs of /v1/list-exports. */
import { Readable } from "node:stream";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Deps } from "../../deps.ts";
import { orderExport } from "../../list-exports/order.ts";
import { openExport, pageOfExports } from "../../list-exports/read.ts";
import { exportBody } from "../../list-exports/schemas.ts";
import { campaignNames } from "../campaign-names.ts";
import { namedSegments } from "../names.ts";
import { once } from "../parts/attempt.tsx";
import { parsed, submitForm } from "../parts/form.tsx";
import { atFields } from "../parts/nearest-field.ts";
import { textOf } from "../parts/sheet.ts";
import { type ConsoleEnv, type Form, requireScope, smallForm } from "../viewer.ts";
import { ExportsPage, list, NewExportPage } from "./pages.tsx";

const perPage = 50;
const fields = ["segment_id", "publication_job_id", "consent", "columns", "campaign_id", "to.url", "to.method"];

export function mountListExports(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  const { db } = deps;
  router.use(`${list.to}/*`, requireScope("List exports", "manage"));

  router.get(list.to, async (c) => {
    const { viewer } = c.var;
    const cursor = c.req.query("cursor");
    const page = await pageOfExports(db, viewer.projectId, { limit: perPage, cursor });
    const segments = await namedSegments(db, viewer.projectId);
    const shown = { viewer, page, segments, cursor, done: c.req.query("done") };
    return c.html(<ExportsPage {...shown} />);
  });

  router.get(`${list.to}/new`, async (c) =>
    c.html(<NewExportPage {...(await around(c))} jobId={c.req.query("publication_job_id")} />),
  );

  router.post(list.to, smallForm, async (c) => {
    const page = await around(c);
    return submitForm(c, {
      work: async (form) => {
        const body = parsed(exportBody, bodyOf(form));
        await once(c, form, "list-export", body, (tx) => orderExport(tx, deps, c.var.viewer.projectId, body));
        return `${list.to}?done=ordered`;
      },
      // A signed URL is a secret: it is typed anew.
      again: (sheet, form) => (
        <NewExportPage {...page} sheet={atFields({ ...sheet, typed: { ...form, "to.url": [] } }, fields)} />
      ),
    });
  });

  router.get(`${list.to}/:id/file`, async (c) => {
    const { file, headers } = await openExport(deps, c.var.viewer.projectId, c.req.param("id"));
    return c.body(Readable.toWeb(file) as ReadableStream, 200, headers);
  });

  async function around(c: Context<ConsoleEnv>) {
    const { viewer } = c.var;
    const segments = await namedSegments(db, viewer.projectId);
    return { viewer, segments, campaigns: await campaignNames(db, viewer.projectId) };
  }
}

function bodyOf(form: Form): object {
  const names = ["segment_id", "publication_job_id", "campaign_id", "consent"];
  const attributes = (textOf(form, "attributes") ?? "").split(",").map((name) => name.trim());
  const url = { url: textOf(form, "to.url") ?? "", method: textOf(form, "to.method") };
  return {
    ...Object.fromEntries(names.map((name) => [name, textOf(form, name)])),
    columns: [...(form.columns ?? []), ...attributes.filter((name) => name !== "").map((name) => `attributes.${name}`)],
    to: textOf(form, "where") === "url" ? url : "file",
  };
}
