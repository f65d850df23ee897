/** The audit log: the verbs of /v1/audit-log. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { listAuditLog, readAuditEntry } from "../../audit-log/list.ts";
import { auditQuery } from "../../audit-log/schemas.ts";
import type { Deps } from "../../deps.ts";
import { Problem } from "../../http/problem.ts";
import { listMembers } from "../../members/list.ts";
import { parsed } from "../parts/form.tsx";
import { instantOf } from "../parts/moments.tsx";
import { freshSheet, refusedSheet } from "../parts/sheet.ts";
import { type ConsoleEnv, maySee, requireScope } from "../viewer.ts";
import { type Asked, AuditEntryPage, AuditLogPage, askedNames } from "./pages.tsx";

/** A page stays small although an entry may hold a whole rule tree. */
const perPage = "25";
/** To choose from; longer lists are nobody's to read. */
const peopleMax = 100;

export function mountAuditLog(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  router.use("/console/audit-log/*", requireScope("The audit log's pages", "manage", "admin"));

  router.get("/console/audit-log", async (c) => {
    const { viewer } = c.var;
    const asked = askedOf(c.req.query());
    const cursor = c.req.query("cursor");
    const people = maySee(viewer, ["admin"])
      ? (await listMembers(deps.db, viewer.projectId, { limit: peopleMax, cursor: undefined })).data
      : [];
    const show = { viewer, asked, people, cursor };
    try {
      const query = parsed(auditQuery, {
        ...asked,
        limit: perPage,
        cursor,
        from: instantOf(asked.from, "UTC"),
        to: instantOf(asked.to, "UTC"),
      });
      const page = await listAuditLog(deps.db, viewer.projectId, query);
      return c.html(<AuditLogPage {...show} page={page} sheet={freshSheet} />);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const typed = Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, [value]]));
      const none = { data: [], next_cursor: null };
      return c.html(<AuditLogPage {...show} page={none} sheet={refusedSheet(typed, error)} />, error.status);
    }
  });

  router.get("/console/audit-log/:id", async (c) => {
    const entry = await readAuditEntry(deps.db, c.var.viewer.projectId, c.req.param("id"));
    return c.html(<AuditEntryPage viewer={c.var.viewer} entry={entry} />);
  });
}

function askedOf(query: Readonly<Record<string, string>>): Asked {
  const given = askedNames.flatMap((name) => {
    const value = query[name]?.trim();
    return value === undefined || value === "" ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given);
}
