/** The HTTP application over real stores, called in this process. */
import { randomBytes, randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { Registry } from "prom-client";
import { beforeAll } from "vitest";
import { createApp } from "../../api/app.ts";
import type { Deps } from "../../api/deps.ts";
import { parseNetworks } from "../../api/outbound/networks.ts";
import { createProject } from "../../api/projects/create-project.ts";
import { createSealer } from "../../api/secrets/seal.ts";
import { loadModels } from "../../models/serving.ts";
import { type Stores, useStores } from "./stores.ts";

export interface TestProject {
  readonly projectId: string;
  /** Has every scope. */
  readonly key: string;
  /** Sends `body` as JSON unless it is a string or undefined. `headers` win over ours; an empty value leaves one out. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

export interface TestApp extends Stores {
  readonly app: ReturnType<typeof createApp>;
  readonly deps: Deps;
  newProject(): Promise<TestProject>;
}

/** Call it at the top of a file; the fields are there from the first `beforeAll` after it. */
export function useApp(): TestApp {
  const stores = useStores();
  const context = stores as { -readonly [K in keyof TestApp]: TestApp[K] };
  beforeAll(async () => {
    Object.assign(context, await openApp(stores), { newProject: () => newProject(context) });
  });
  return context;
}

/** The application over stores that are open. */
export async function openApp(stores: Stores): Promise<TestApp> {
  const log = pino({ level: process.env.TEST_LOG_LEVEL ?? "silent" });
  const deps: Deps = {
    db: stores.db,
    pool: stores.pool,
    warehouse: stores.warehouse,
    // No champion, whichever is shipped: tests that need a model train and load their own.
    models: await loadModels({ log, directory: join(tmpdir(), "tessera-test-no-models") }),
    log,
    metrics: new Registry(),
    readiness: async () => ({ postgres: true, clickhouse: true, migrations: true, relay: true }),
    dataDir: tmpdir(),
    sealer: createSealer([randomBytes(32)]),
    publicUrl: "https://vouchers.example",
    outbound: { allow: parseNetworks("127.0.0.1,::1") },
  };
  const context = { ...stores, deps, app: createApp(deps) } as { -readonly [K in keyof TestApp]: TestApp[K] };
  context.newProject = () => newProject(context);
  return context;
}

async function newProject({ app, db }: TestApp): Promise<TestProject> {
  const project = await db.transaction().execute((tx) => createProject(tx, { name: `test ${randomUUID()}` }));
  if (!project) throw new Error("a random project name was taken");
  const key = project.key.text;
  return {
    projectId: project.id,
    key,
    request: async (method, path, body, headers = {}) => {
      const all = {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      };
      return app.request(path, {
        method,
        headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== "")),
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
    },
  };
}
