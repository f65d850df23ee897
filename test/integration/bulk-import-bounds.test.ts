import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { runImports } from "../../api/imports/worker.ts";
import { useApp } from "../support/app.ts";
import { imported, lines, ndjson, parquet, progress, upload } from "../support/imports.ts";
import { makeParquet } from "../support/parquet.ts";
import { workUntil } from "../support/workers.ts";

const context = useApp();

afterEach(() => {
  vi.restoreAllMocks();
});

const order = (n: number, status: string) => ({
  id: `o-${n}`,
  customer: { identifier: `c-${n % 20}` },
  status,
  currency: "EUR",
  items: [{ sku: "coffee", quantity: 1, unit_amount: 500 }],
  occurred_at: `2024-03-0${status === "paid" ? 1 : 2}T10:00:00Z`,
});

it("applies files of one kind one after the other, however many workers there are", async () => {
  const project = await context.newProject();
  const ids: string[] = [];
  for (const status of ["paid", "refunded"]) {
    const file = lines(Array.from({ length: 2_500 }, (_, n) => order(status === "paid" ? n : 2_499 - n, status)));
    ids.push((await upload(context, project, "orders", ndjson, file)).body.id);
  }
  const worker = (signal: AbortSignal) => runImports(context.deps, signal);
  const jobs = () => Promise.all(ids.map((id) => progress(project, id)));
  await workUntil([worker, worker], async () => (await jobs()).every(({ status }) => status === "done"));
  for (const job of await jobs()) expect(job).toMatchObject({ imported: 2_500, failed: 0 });
});

it("takes fewer rows at a time when they are large, and all of them", async () => {
  const project = await context.newProject();
  const items = Array.from({ length: 400 }, (_, n) => ({
    sku: `sku-${n}-${"x".repeat(60)}`,
    quantity: 1,
    unit_amount: 100,
  }));
  const file = lines(Array.from({ length: 300 }, (_, n) => ({ ...order(n, "paid"), items })));
  expect(file.length).toBeGreaterThan(12 * 1024 * 1024);
  expect(await imported(context, project, "orders", ndjson, file)).toMatchObject({ imported: 300, failed: 0 });
  const { rows } = await context.pool.query(
    "select count(distinct xmin::text) as transactions from orders where project_id = $1",
    [project.projectId],
  );
  expect(rows[0].transactions).toBeGreaterThanOrEqual(3);
});

it("keeps a slow Parquet upload alive, and no name of its file that a crash would leave behind", async () => {
  const project = await context.newProject();
  const file = await makeParquet(context, "select concat('c-', toString(number)) as identifier from numbers(5000)");
  const folder = join(context.deps.dataDir, "imports");
  const job = async () =>
    (
      await context.pool.query(
        "select id, status, updated_at > now() - interval '1 minute' as lives from import_job where project_id = $1",
        [project.projectId],
      )
    ).rows[0];
  const steps = [
    async () => {
      await context.pool.query(
        "update import_job set updated_at = now() - interval '14 minutes' where project_id = $1",
        [project.projectId],
      );
      const later = performance.now() + 61_000;
      vi.spyOn(performance, "now").mockReturnValue(later);
    },
    async () => undefined,
    async () => {
      const found = await job();
      expect(found).toMatchObject({ status: "receiving", lives: true });
      expect(existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(found.id))).toBe(false);
    },
  ];
  const piece = Math.ceil(file.length / steps.length);
  let at = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const step = steps[at];
        if (step === undefined) return controller.close();
        // What was taken before has been written down by then.
        await vi.waitFor(async () => expect(await job()).toBeDefined());
        await step();
        controller.enqueue(file.subarray(at * piece, (at + 1) * piece));
        at += 1;
      },
    },
    { highWaterMark: 0 },
  );
  const response = await context.app.request("/v1/import/customers", {
    method: "POST",
    headers: { authorization: `Bearer ${project.key}`, "content-type": parquet },
    body,
    duplex: "half",
  } as RequestInit);
  expect(response.status, await response.text()).toBe(202);
});
