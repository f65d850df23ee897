import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { Problem } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, nameOf, pageOf, problems } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { createdKeyWire, toKeyWire } from "../keys/schemas.ts";
import { createProject } from "./create-project.ts";
import { changeSettings, type ProjectSettings, readSettings } from "./settings.ts";

const tags = ["Keys and projects"];

const projectBody = z.strictObject({ name: nameOf(100) }).openapi("NewProject", { example: { name: "web shop" } });

const projectWire = z.object({ id: z.string(), name: z.string(), created_at: z.string() }).openapi("Project");
const createdProjectWire = projectWire.extend({ key: createdKeyWire }).openapi("CreatedProject");

const create = createRoute({
  method: "post",
  path: "/v1/projects",
  tags,
  summary: "Create a project",
  description: "Also makes its first key, with every scope. No key sees another project.",
  ...secured("admin"),
  request: { headers: idempotencyHeaders, body: jsonBody(projectBody) },
  responses: { 201: json(createdProjectWire, "The project with its first key"), ...problems(409, 422) },
});

const settingsWire = projectWire
  .extend({ holdout_percent: z.int(), customers_inactive_days: z.int().nullable() })
  .openapi("ProjectSettings");
const settingsBody = z
  .strictObject({
    holdout_percent: z.int().min(0).max(50).optional().openapi({
      description:
        "The global holdout: from so many percent of the customers, always the same ones, every campaign is withheld as from its own holdout.",
    }),
    customers_inactive_days: z.int().min(30).max(36_500).nullable().optional().openapi({
      description:
        "Customers who did nothing for so many days, and hold neither points nor a gift card, are erased. Null keeps them.",
    }),
  })
  .openapi("ProjectSettingsPatch", { example: { holdout_percent: 5 } });

const readOwn = createRoute({
  method: "get",
  path: "/v1/project",
  tags,
  summary: "Read the key's project",
  ...secured(["manage", "analytics", "admin"]),
  responses: { 200: json(settingsWire, "The project"), ...problems() },
});

const changeOwn = createRoute({
  method: "patch",
  path: "/v1/project",
  tags,
  summary: "Change the settings of the key's project",
  ...secured(["manage", "admin"]),
  request: { body: jsonBody(settingsBody) },
  responses: { 200: json(settingsWire, "The project as it is now"), ...problems() },
});

function toSettingsWire({ created_at, ...settings }: ProjectSettings) {
  return { ...settings, created_at: created_at.toISOString() };
}

const list = createRoute({
  method: "get",
  path: "/v1/projects",
  tags,
  summary: "List the projects that this key may see: its own",
  ...secured("admin"),
  request: { query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(projectWire), "The key's project"), ...problems() },
});

export function projectRoutes(deps: Deps) {
  return createRouter()
    .openapi(create, (c) => {
      const { name } = c.req.valid("json");
      return withIdempotency(
        c,
        async (tx) => {
          const project = await createProject(tx, { name });
          if (!project) throw new Problem("already_exists", "There is a project with this name.");
          const key = { ...toKeyWire(project.key.row), key: project.key.text as string | null };
          return {
            status: 201,
            body: { id: project.id, name: project.name, created_at: project.createdAt.toISOString(), key },
          };
        },
        // The text of a key is never written anywhere.
        (body) => ({ ...body, key: { ...body.key, key: null } }),
      );
    })
    .openapi(readOwn, async (c) => c.json(toSettingsWire(await readSettings(deps.db, c.var.auth.projectId)), 200))
    .openapi(changeOwn, async (c) => {
      const change = c.req.valid("json");
      const settings = await inTransaction(c, (tx) => changeSettings(tx, c.var.auth.projectId, change, new Date()));
      return c.json(toSettingsWire(settings), 200);
    })
    .openapi(list, async (c) => {
      const rows = await deps.db
        .selectFrom("project")
        .select(["id", "name", "created_at"])
        .where("id", "=", c.var.auth.projectId)
        .execute();
      const data = rows.map((row) => ({ id: row.id, name: row.name, created_at: row.created_at.toISOString() }));
      return c.json({ data, next_cursor: null }, 200);
    });
}
