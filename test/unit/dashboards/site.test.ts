/** Pages are rebuilt without downtime: the old build serves until the new one is whole, and then to who has it open. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createSites } from "../../../api/dashboards/site.ts";
import { dashboardsDirectory, writeCurrent, writeStatus } from "../../../api/dashboards/status.ts";

const old = "aaaaaaaaaaaaaaaa";
const next = "bbbbbbbbbbbbbbbb";
let dataDir: string;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  dataDir = await mkdtemp(join(tmpdir(), "tessera-site-"));
});

afterEach(async () => {
  vi.useRealTimers();
  await rm(dataDir, { recursive: true, force: true });
});

async function write(build: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(dashboardsDirectory(dataDir), build, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

/** The site looks for a new build once a second. */
function later(): void {
  vi.setSystemTime(Date.now() + 2_000);
}

it("serves the old build while a new one is made, when that fails, and until it is whole", async () => {
  await write(old, { "index.html": "old", "_app/immutable/old.js": "1" });
  await writeCurrent(dataDir, old);
  const sites = createSites(dataDir);
  expect((await sites())?.name).toBe(old);

  const began = { phase: "build", started_at: new Date().toISOString(), expected_seconds: 100, pid: 1 } as const;
  await writeStatus(dataDir, { state: "working", ...began });
  await write(next, { "_app/immutable/next.js": "2" });
  later();
  expect((await sites())?.name).toBe(old);

  await writeStatus(dataDir, { state: "failed", at: new Date().toISOString(), error: "no memory" });
  later();
  expect((await sites())?.name).toBe(old);

  await write(next, { "index.html": "next" });
  await writeCurrent(dataDir, next);
  later();
  expect((await sites())?.name).toBe(next);
});

it("still has the parts of the build before for pages that are open, but its pages no more", async () => {
  await write(old, { "index.html": "old", "_app/immutable/old.js": "1", "gone.svg": "<svg/>" });
  await write(next, { "index.html": "next", "_app/immutable/next.js": "2" });
  await write("work", { "_app/immutable/half.js": "3" });
  await writeCurrent(dataDir, next);
  const site = await createSites(dataDir)();
  expect([...(site?.files.keys() ?? [])].sort()).toEqual([
    "_app/immutable/next.js",
    "_app/immutable/old.js",
    "index.html",
  ]);
  expect(site?.shell.path).toContain(next);
});
