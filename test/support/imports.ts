/** Uploads of the bulk import, and a worker that ends them. */
import { expect } from "vitest";
import { runImports } from "../../api/imports/worker.ts";
import { type Body, send } from "./answers.ts";
import type { TestApp, TestProject } from "./app.ts";
import { workUntil } from "./workers.ts";

export const csv = "text/csv";
export const ndjson = "application/x-ndjson";
export const parquet = "application/vnd.apache.parquet";

/** One object a line. */
export function lines(rows: readonly unknown[]): string {
  return `${rows.map((row) => (typeof row === "string" ? row : JSON.stringify(row))).join("\n")}\n`;
}

export interface Uploaded {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export async function upload(
  context: TestApp,
  project: TestProject,
  kind: string,
  type: string,
  file: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Uploaded> {
  const response = await context.app.request(`/v1/import/${kind}`, {
    method: "POST",
    headers: { authorization: `Bearer ${project.key}`, "content-type": type, ...headers },
    body: file,
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

export async function progress(project: TestProject, id: string): Promise<Body> {
  return (await send(project, "GET", `/v1/imports/${id}`)).body;
}

export async function finish(context: TestApp, project: TestProject, id: string, workers = 1): Promise<Body> {
  const worker = (signal: AbortSignal) => runImports(context.deps, signal);
  await workUntil(Array(workers).fill(worker), async () => (await progress(project, id)).status !== "running");
  return progress(project, id);
}

/** Uploads and waits; the job as it ended. */
export async function imported(
  context: TestApp,
  project: TestProject,
  kind: string,
  type: string,
  file: string | Uint8Array,
): Promise<Body> {
  const { status, body } = await upload(context, project, kind, type, file);
  expect(status, JSON.stringify(body)).toBe(202);
  expect(body).toMatchObject({ kind, status: "running", imported: 0 });
  return finish(context, project, body.id);
}

export async function errorsOf(project: TestProject, id: string): Promise<Body[]> {
  const response = await project.request("GET", `/v1/imports/${id}/errors`, undefined, { accept: ndjson });
  const text = (await response.text()).trimEnd();
  return text === "" ? [] : text.split("\n").map((line) => JSON.parse(line));
}

/** Events of a project's outbox of these types, in the order in which they were appended. */
export async function eventsOf(context: TestApp, project: TestProject, types: readonly string[]): Promise<Body[]> {
  const { rows } = await context.pool.query(
    `select type, occurred_at, payload from outbox where project_id = $1 and type = any($2::text[]) order by seq`,
    [project.projectId, types],
  );
  return rows;
}
