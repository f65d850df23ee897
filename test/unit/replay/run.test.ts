import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { loadProgress, newProgress, saveProgress } from "../../../ingest/replay/checkpoint.ts";
import { ApiError, createCall } from "../../../ingest/replay/client.ts";
import { eachLimited } from "../../../ingest/replay/concurrency.ts";
import { describeTally, percentile } from "../../../ingest/replay/report.ts";

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A server on a free port, for what a healthy service never answers. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const never = new AbortController().signal;

describe("a call", () => {
  it("is tried again after 503 and a broken connection, with the same key and body", async () => {
    const seen: unknown[] = [];
    const base = await serve((request, response) => {
      seen.push(request.headers["idempotency-key"]);
      if (seen.length === 1) response.writeHead(503).end("{}");
      else if (seen.length === 2) request.socket.destroy();
      else response.writeHead(201, { "idempotency-replayed": "true" }).end('{"id":"red_1"}');
    });
    const answer = await createCall(
      base,
      "key",
      never,
    )({ method: "POST", path: "/v1/x", body: {}, idempotencyKey: "k" });
    expect(answer).toMatchObject({ status: 201, body: { id: "red_1" }, replayed: true });
    expect(seen).toEqual(["k", "k", "k"]);
  });

  it("returns business refusals, and throws what a second try cannot mend", async () => {
    let status = 422;
    const base = await serve((_request, response) => response.writeHead(status).end('{"code":"refused"}'));
    const call = createCall(base, "key", never);
    await expect(call({ method: "GET", path: "/" })).resolves.toMatchObject({ status: 422, body: { code: "refused" } });
    status = 401;
    await expect(call({ method: "GET", path: "/" })).rejects.toThrow(ApiError);
  });

  it("ends when it is aborted while it waits for its next try", async () => {
    const stop = new AbortController();
    const base = await serve((_request, response) => {
      response.writeHead(500).end("{}");
      stop.abort(new Error("stopped by hand"));
    });
    await expect(createCall(base, "key", stop.signal)({ method: "GET", path: "/" })).rejects.toThrow();
  });
});

describe("work with a limit", () => {
  it("runs everything, and never more at once than allowed", async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await eachLimited([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      done.push(item);
    });
    expect(most).toBe(3);
    expect(done.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it("stops at the first failure and throws it", async () => {
    const begun: number[] = [];
    const work = eachLimited([1, 2, 3, 4, 5, 6], 2, async (item) => {
      begun.push(item);
      await new Promise((resolve) => setImmediate(resolve));
      if (item === 2) throw new RangeError("two");
    });
    await expect(work).rejects.toThrow("two");
    expect(begun).not.toContain(6);
  });
});

describe("the checkpoint", () => {
  it("is read back as it was written, and is new where there is no file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tessera-checkpoint-"));
    closers.push(() => rm(folder, { recursive: true }));
    const file = join(folder, "deeper", "progress.json");
    expect(await loadProgress(file)).toEqual(newProgress());
    const progress = { ...newProgress(), lastDay: "2017-03-04", campaigns: { "1": "cam_1" } };
    progress.tally.rejected.campaign_ended = 2;
    await saveProgress(file, progress);
    expect(await loadProgress(file)).toEqual(progress);
  });

  it("is refused when it cannot be understood: starting afresh would hide what was lost", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tessera-checkpoint-"));
    closers.push(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "progress.json"), '{"version":99}');
    await expect(loadProgress(join(folder, "progress.json"))).rejects.toThrow();
  });
});

describe("the report", () => {
  it("takes percentiles by nearest rank", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0.5, 0.9, 0.99].map((share) => percentile(values, share))).toEqual([50, 90, 99]);
    expect(percentile([], 0.5)).toBeNull();
  });

  it("says what was accepted, what was refused and why, most frequent first", () => {
    const tally = { ...newProgress().tally, accepted: 3, seconds: 2, rejected: { campaign_ended: 1, no_effect: 4 } };
    const text = describeTally(tally);
    expect(text).toMatch(/redemptions +8, 4\.0\/s/);
    expect(text).toMatch(/rejected +5\n +no_effect +4\n +campaign_ended +1/);
  });
});
