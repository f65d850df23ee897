/** Every notebook is run as its kernel runs it, on marts whose figures are known. Needs `npm ci --prefix notebooks`. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { isHeldOut } from "../../api/domain/holdout.ts";
import { readLift } from "../../api/lift/read.ts";
import { truthOf } from "../../api/lift/simulate.ts";
import type { Event } from "../../ingest/events/events.ts";
import { toRow } from "../../ingest/rows.ts";
import { seeded } from "../../models/training/random.ts";
import type { Executed } from "../../notebooks/execute.ts";
import { refreshCustomers } from "../../warehouse/refresh-customers.ts";
import { type Stores, useStores } from "../support/stores.ts";
import { shop } from "../warehouse/shop.ts";

const run = promisify(execFile);
const root = new URL("../../", import.meta.url).pathname;
const dayMs = 86_400_000;
const start = Date.parse("2026-03-01T00:00:00Z");
const project = "prj_notebooks";
const iso = (at: number) => new Date(at).toISOString();

async function execute(
  stores: Stores,
  paths: readonly string[],
): Promise<{ code: number; said: string; notebooks: Executed[] }> {
  const options = {
    cwd: root,
    env: { PATH: process.env.PATH ?? "", CLICKHOUSE_URL: stores.clickhouseUrl, TF_CPP_MIN_LOG_LEVEL: "3" },
    maxBuffer: 64 * 1024 * 1024,
  };
  const args = ["--import", "tsx", "notebooks/execute.ts", ...paths];
  const { code, stdout, stderr } = await run(process.execPath, args, options).then(
    (ended) => ({ code: 0, ...ended }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  const lines = stdout.split("\n").filter((line) => line !== "");
  return { code, said: stderr, notebooks: lines.map((line) => JSON.parse(line) as Executed) };
}

async function allNotebooks(): Promise<string[]> {
  const names = (await readdir(join(root, "notebooks"))).filter((name) => name.endsWith(".ipynb")).sort();
  return names.map((name) => join("notebooks", name));
}

/**
 * 1,500 customers known in February, who order in March; a fifth is held out of cam_held, and the others order one more.
 * cam_plain holds nobody out: 40 customers redeem it once, for 1.00 EUR each, one a day.
 */
function story(): { events: Event[]; discount: { held: number; plain: number } } {
  const s = shop(project, "cam_main");
  const random = seeded(7);
  const window = { status: "active", starts_at: iso(start), ends_at: iso(start + 31 * dayMs) } as const;
  const created = iso(start - 45 * dayMs);
  const events: Event[] = [
    s.campaign("cam_main", created, { ...window, type: "main", parent_id: null, name: "Main" }),
    s.campaign("cam_held", created, { ...window, name: "Held back", holdout_percent: 20 }),
    s.campaign("cam_plain", created, { ...window, name: "Plain" }),
  ];
  const discount = { held: 0, plain: 0 };
  let orders = 0;
  const order = (customer: string, at: number, campaign: "held" | "plain" | undefined) => {
    orders += 1;
    const unit = 1_000 + Math.floor(random() * 4_000);
    const off = campaign === undefined ? 0 : campaign === "plain" ? 100 : Math.floor(unit / 10);
    const lines = [["sku", "food", 1, unit]] as const;
    if (campaign !== undefined) {
      discount[campaign] += off;
      const codes = [["CODE", `cam_${campaign}`, off]] as const;
      events.push(s.redeemed({ id: `red_${orders}`, at: iso(at - 1), customer, orderId: `o-${orders}`, lines, codes }));
    }
    events.push(s.order("order.paid", iso(at), customer, `o-${orders}`, lines, off));
  };
  for (let index = 0; index < 1_500; index += 1) {
    const customer = `customer-${index}`;
    const isTreated = !isHeldOut("cam_held", customer, 20);
    events.push(s.customer(customer, iso(start - 40 * dayMs)));
    if (isTreated) events.push(s.published(`pub_${index}`, iso(start), customer, `C${index}`, "cam_held"));
    for (let count = Math.floor(random() * 3); count > 0; count -= 1) {
      order(customer, start - random() * 30 * dayMs, undefined);
    }
    for (let count = Math.floor(random() * 2) + (isTreated ? 1 : 0); count > 0; count -= 1) {
      order(customer, start + random() * 30 * dayMs, isTreated ? "held" : undefined);
    }
  }
  for (let day = 0; day < 30; day += 1) order(`plain-${day}`, start + day * dayMs + dayMs / 2, "plain");
  return { events, discount };
}

async function deliver({ warehouse }: Stores, events: readonly Event[]): Promise<void> {
  const values = events.map(({ payload, ...event }, seq) => {
    const stored = { ...event, recorded_at: event.occurred_at, payload: JSON.stringify(payload), xid: "1", seq };
    const mapped = toRow(stored);
    if ("error" in mapped) throw new Error(mapped.error);
    return mapped.row;
  });
  await warehouse.insert({ table: "events_raw", values, format: "JSONEachRow" });
}

describe("on a shop whose figures are known", () => {
  const stores = useStores();
  const { events, discount } = story();
  let notebooks: Executed[];
  const outputOf = (prefix: string) => {
    const found = notebooks.find(({ notebook }) => notebook.startsWith(prefix));
    if (found === undefined) throw new Error(`no notebook ${prefix} ran`);
    return found;
  };

  beforeAll(async () => {
    await deliver(stores, events);
    await refreshCustomers(stores.warehouse, { whole: true });
    const paths = await allNotebooks();
    const executed = await execute(stores, paths);
    notebooks = executed.notebooks;
    expect(notebooks.filter(({ ok }) => !ok).map(({ notebook, text }) => `${notebook}: ${text}`)).toEqual([]);
    expect(executed.said).toBe("");
    expect(executed.code).toBe(0);
    expect(notebooks).toHaveLength(paths.length);
  }, 240_000);

  it("every notebook ends in a picture, none of whose numbers is missing", () => {
    expect(notebooks.length).toBeGreaterThanOrEqual(4);
    for (const { notebook, html } of notebooks) {
      expect(html.join(""), notebook).toContain("<svg");
      expect(html.join(""), notebook).not.toMatch(/NaN|undefined|null|Infinity/);
    }
  });

  it("the post-mortem has both campaigns, with what they took off", () => {
    const { text } = outputOf("01");
    expect(text).toContain("2 campaigns with redemptions");
    expect(lineOf(text, "Held back")).toContain(String(discount.held / 100));
    expect(lineOf(text, "Plain")).toContain("30");
  });

  it("the segments add up to everybody who ordered", async () => {
    const { text } = outputOf("02");
    const counted = await stores.warehouse.query({
      query: "SELECT uniqExact(customer) AS customers FROM events WHERE type = 'order.paid' AND customer != ''",
      format: "JSONEachRow",
    });
    const [row] = await counted.json<{ customers: number }>();
    const segments = ["champions", "loyal", "promising", "new", "at risk", "lost"];
    const counts = segments.map((name) => Number(/^\D+(\d+)/.exec(lineOf(text, name, ""))?.[1] ?? 0));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(row?.customers);
    expect(text).toContain("the best 100 % of customers bring 100.0 % of the value");
  });

  it("the what-if reproduces what was spent, with an interval around it", () => {
    const { text } = outputOf("03");
    expect(text).toContain("Held back (cam_held)");
    const [cost, low, high] = (lineOf(text, "as it was").match(/€[\d,]+\.\d\d/g) ?? []).map((money) =>
      Number(money.replace(/[€,]/g, "")),
    );
    expect(cost).toBe(discount.held / 100);
    expect(low).toBeLessThan(cost ?? 0);
    expect(high).toBeGreaterThan(cost ?? 0);
    const half = Number(/day (\d+)/.exec(lineOf(text, /50 %/))?.[1]);
    // Orders come evenly over 30 days.
    expect(half).toBeGreaterThanOrEqual(13);
    expect(half).toBeLessThanOrEqual(18);
  });

  it("the holdout analysis shows the truth of its simulated shop beside what was measured", () => {
    const { text } = outputOf("04");
    const shop = { customers: 20_000, holdoutShare: 0.1, effect: 0.2 };
    const truth = `+${(truthOf(shop).relative.revenue * 100).toFixed(1)} %`;
    expect(lineOf(text, /^simulated, 20 % more orders +revenue /)).toContain(truth);
    expect(lineOf(text, /^simulated, no effect +orders /)).toContain("+0.0 %");
  });

  it("the holdout analysis measures the campaign that has one as its report does, and no other", async () => {
    const { text, html } = outputOf("04");
    expect(text).toContain("2 campaigns: 1 measured, 1 not measured");
    expect(text).toContain("not measured, no_holdout: 1");
    const lift = await readLift(stores.warehouse, project, "cam_held");
    if (!lift.measured) throw new Error(lift.detail);
    const { value, low, high } = lift.incremental_orders;
    expect(text).toContain(
      `Held back: ${value.toFixed(0)} orders more than without it (95 %: ${low.toFixed(0)} … ${high.toFixed(0)})`,
    );
    expect(low).toBeGreaterThan(0);
    expect(html.join("")).toContain("not measured: no holdout");
  });
});

describe("where nothing has happened yet", () => {
  const stores = useStores();

  it("every notebook runs, and says so", async () => {
    const { code, notebooks } = await execute(stores, await allNotebooks());
    expect(notebooks.filter(({ ok }) => !ok).map(({ notebook, text }) => `${notebook}: ${text}`)).toEqual([]);
    expect(code).toBe(0);
    for (const { notebook, html } of notebooks) expect(html.join(""), notebook).not.toMatch(/NaN|undefined|Infinity/);
  }, 240_000);
});

describe("the check itself", () => {
  const stores = useStores();

  it("fails on a type error, on a cell that throws, and on a notebook without cells", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tessera-notebooks-"));
    const notebook = async (name: string, cells: readonly string[]) => {
      const path = join(folder, `${name}.ipynb`);
      await writeFile(path, JSON.stringify({ cells: cells.map((cell) => ({ cell_type: "code", source: [cell] })) }));
      return path;
    };
    const paths = [
      await notebook("good", ["const one = 1;", "console.log('and', one + 1);"]),
      await notebook("type", ["const text: string = 1;"]),
      await notebook("throws", ["throw new Error('on purpose');", "console.log('went on');"]),
      await notebook("empty", []),
    ];
    const { code, notebooks } = await execute(stores, paths);
    await rm(folder, { recursive: true });
    expect(code).toBe(1);
    expect(notebooks.map(({ ok }) => ok)).toEqual([true, false, false, false]);
    expect(notebooks[0]?.text).toBe("and 2");
    expect(notebooks[1]?.text).toContain("not assignable");
    expect(notebooks[2]?.text).toContain("on purpose");
    expect(notebooks[2]?.text).not.toContain("went on");
  }, 120_000);
});

/** The first line that begins with the text, or matches the pattern. */
function lineOf(text: string, wanted: string | RegExp, otherwise?: string): string {
  const lines = text.split("\n");
  const found = lines.find((line) => (typeof wanted === "string" ? line.startsWith(wanted) : wanted.test(line)));
  if (found === undefined && otherwise === undefined) throw new Error(`no line ${String(wanted)} in:\n${text}`);
  return found ?? otherwise ?? "";
}
