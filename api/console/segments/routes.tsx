/** Segments: the verbs of /v1/segments. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Transaction } from "kysely";
import type { DB } from "../../db/tables.ts";
import type { Deps } from "../../deps.ts";
import { databaseNow } from "../../http/occurred-at.ts";
import { Problem } from "../../http/problem.ts";
import { signedTransaction } from "../../reviews/actor.ts";
import { changeSegment, createSegment } from "../../segments/change.ts";
import { deleteSegment } from "../../segments/delete.ts";
import { type ImportedMembers, importMembers } from "../../segments/import-members.ts";
import { pageOfMembers, pageOfSegments, readSegment } from "../../segments/list.ts";
import { leaveList } from "../../segments/members.ts";
import { membersBody, segmentBody, segmentPatch } from "../../segments/schemas.ts";
import { once } from "../parts/attempt.tsx";
import { parsed, submitForm } from "../parts/form.tsx";
import { refusedSheet, type Sheet, textOf } from "../parts/sheet.ts";
import { hasUpload, uploadBytesMax, uploadOf } from "../parts/upload.ts";
import { actorOf, type ConsoleEnv, formUpTo, readForm, requireScope, smallForm } from "../viewer.ts";
import { DeleteSegmentPage, NewListPage, SegmentPage, SegmentsPage, segmentAddress } from "./pages.tsx";
import { mountSegmentRules } from "./rules-routes.tsx";

const perPage = 50;
const pasted = { lines: "customers", column: "customer" };

export function mountSegments(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  router.use("/console/segments/*", async (c, next) =>
    c.req.method === "GET"
      ? requireScope("Segments", "manage", "analytics")(c, next)
      : requireScope("Changes of segments", "manage")(c, next),
  );

  const transact =
    (c: Context<ConsoleEnv>) =>
    <T,>(work: (tx: Transaction<DB>) => Promise<T>): Promise<T> =>
      signedTransaction(deps.pool, actorOf(c), ({ tx }) => work(tx));

  router.get("/console/segments", async (c) => {
    const cursor = c.req.query("cursor");
    const page = await pageOfSegments(deps.db, c.var.viewer.projectId, { limit: perPage, cursor });
    return c.html(<SegmentsPage viewer={c.var.viewer} page={page} cursor={cursor} done={c.req.query("done")} />);
  });

  router.get("/console/segments/new", (c) => c.html(<NewListPage viewer={c.var.viewer} />));

  mountSegmentRules(router, deps);

  router.post("/console/segments", formUpTo(uploadBytesMax), async (c) => {
    const { viewer } = c.var;
    const form = await readForm(c);
    const named = await hasUpload(c, form, pasted.lines);
    let made: string | undefined;
    try {
      const upload = named ? await uploadOf(c, form, pasted) : undefined;
      const body = parsed(segmentBody, { name: textOf(form, "name") ?? "" });
      const segment = await once(c, form, "segment", body, async (tx) =>
        createSegment(tx, viewer.projectId, body, await databaseNow(tx)),
      );
      made = segment.id;
      if (!upload) return c.redirect(`${segmentAddress(segment.id)}?done=created`, 303);
      const imported = await importMembers(deps.db, viewer.projectId, segment.id, upload, transact(c));
      return await show(c, segment.id, { imported, done: "created" });
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error;
      // It is there already, and what is wrong with the file is said where the file is sent again.
      if (made !== undefined)
        return refused(c, made, error, (problem) => ({ sheet: refusedSheet({}, problem), done: "created" }));
      return c.html(<NewListPage viewer={viewer} sheet={refusedSheet(form, error)} />, error.status);
    }
  });

  router.get("/console/segments/:id", (c) => show(c, c.req.param("id"), { done: c.req.query("done") }));

  router.post("/console/segments/:id", smallForm, async (c) => {
    const { projectId } = c.var.viewer;
    const id = c.req.param("id");
    const form = await readForm(c);
    try {
      const change = parsed(segmentPatch, { name: textOf(form, "name") ?? "" });
      await transact(c)(async (tx) => changeSegment(tx, projectId, id, change, await databaseNow(tx)));
      return c.redirect(`${segmentAddress(id)}?done=changed`, 303);
    } catch (error) {
      return refused(c, id, error, (problem) => ({ nameSheet: refusedSheet(form, problem) }));
    }
  });

  // What became of the rows has no address: sending them again puts in nobody twice.
  router.post("/console/segments/:id/members", formUpTo(uploadBytesMax), async (c) => {
    const { projectId } = c.var.viewer;
    const id = c.req.param("id");
    const form = await readForm(c);
    try {
      const upload = await uploadOf(c, form, pasted);
      const imported = await importMembers(deps.db, projectId, id, upload, transact(c));
      return await show(c, id, { imported });
    } catch (error) {
      return refused(c, id, error, (problem) => ({ sheet: refusedSheet(form, problem) }));
    }
  });

  router.post("/console/segments/:id/members/remove", smallForm, async (c) => {
    const { projectId } = c.var.viewer;
    const id = c.req.param("id");
    const form = await readForm(c);
    try {
      if (form.customers === undefined) throw new Problem("invalid_request", "Nobody was ticked.");
      const { customers } = parsed(membersBody, { customers: form.customers });
      await transact(c)(async (tx) => leaveList(tx, projectId, id, customers, await databaseNow(tx)));
      return c.redirect(`${segmentAddress(id)}?done=left`, 303);
    } catch (error) {
      return refused(c, id, error, (problem) => ({ sheet: refusedSheet({}, problem) }));
    }
  });

  router.get("/console/segments/:id/delete", requireScope("Changes of segments", "manage"), async (c) => {
    const segment = await readSegment(deps.db, c.var.viewer.projectId, c.req.param("id"));
    return c.html(<DeleteSegmentPage viewer={c.var.viewer} segment={segment} />);
  });

  router.post("/console/segments/:id/delete", smallForm, async (c) => {
    const { viewer } = c.var;
    const segment = await readSegment(deps.db, viewer.projectId, c.req.param("id"));
    return submitForm(c, {
      work: async () => {
        const done = await transact(c)(async (tx) =>
          deleteSegment(tx, viewer.projectId, segment.id, await databaseNow(tx)),
        );
        return `/console/segments?done=${done}`;
      },
      again: (sheet) => <DeleteSegmentPage viewer={viewer} segment={segment} sheet={sheet} />,
    });
  });

  interface Shown {
    readonly done?: string | undefined;
    readonly imported?: ImportedMembers;
    readonly sheet?: Sheet;
    readonly nameSheet?: Sheet;
  }

  async function show(c: Context<ConsoleEnv>, id: string, shown: Shown, status: Problem["status"] = 200) {
    const { viewer } = c.var;
    const cursor = c.req.query("cursor");
    const segment = await readSegment(deps.db, viewer.projectId, id);
    const members = await pageOfMembers(deps.db, viewer.projectId, id, { limit: perPage, cursor });
    return c.html(
      <SegmentPage viewer={viewer} segment={segment} members={members} cursor={cursor} {...shown} />,
      status,
    );
  }

  async function refused(
    c: Context<ConsoleEnv>,
    id: string,
    error: unknown,
    shown: (problem: Problem) => Shown,
  ): Promise<Response> {
    if (!(error instanceof Problem) || error.code === "not_found" || error.status >= 500) throw error;
    return show(c, id, shown(error), error.status);
  }
}
