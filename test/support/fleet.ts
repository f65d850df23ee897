/** Several API processes on a test file's stores: what one process does in its own memory cannot make a race come out right. */
import { afterAll, beforeAll, expect } from "vitest";
import { audit } from "../../api/audit/audit.ts";
import { type ApiProcess, startApiProcess } from "./api-process.ts";
import type { TestApp, TestProject } from "./app.ts";
import { type Call, type Caller, createCaller, type RawAnswer } from "./caller.ts";

export interface Fleet {
  /** To the process of that number, counted around; by default to each in turn. */
  send(project: TestProject, call: Call, process?: number): Promise<RawAnswer>;
  /** The same, and again with the same key for as long as the answer is "busy, come again", as a shop does. */
  insist(project: TestProject, call: Call, process?: number): Promise<RawAnswer>;
}

const socketsMax = 1_000;
const triesMax = 50;

/** Also expects, after the last test, that no process logged an error and no transaction met a deadlock. */
export function useFleet(app: TestApp, size: number): Fleet {
  let processes: ApiProcess[] = [];
  let turn = 0;
  const callers = new Map<string, Caller>();
  beforeAll(async () => {
    const { databaseUrl, clickhouseUrl } = app;
    processes = await Promise.all(Array.from({ length: size }, () => startApiProcess({ databaseUrl, clickhouseUrl })));
  });
  afterAll(async () => {
    for (const caller of callers.values()) caller.close();
    await Promise.all(processes.map((process) => process.end("SIGTERM")));
    const errors = processes.flatMap((process) => process.errors());
    const { rows } = await app.pool.query("select deadlocks from pg_stat_database where datname = current_database()");
    expect({ errors, deadlocks: rows[0]?.deadlocks }).toEqual({ errors: [], deadlocks: 0 });
  });
  const send: Fleet["send"] = (project, call, process) => {
    turn += 1;
    const target = processes[(process ?? turn) % processes.length];
    if (target === undefined) throw new Error("no API process runs");
    let caller = callers.get(project.key);
    if (caller === undefined) {
      caller = createCaller(project.key, socketsMax);
      callers.set(project.key, caller);
    }
    return caller.send(target.url, call);
  };
  return {
    send,
    insist: async (project, call, process) => {
      for (let tries = 1; ; tries++) {
        const answer = await send(project, call, process);
        if (answer.status !== 503 || tries === triesMax) return answer;
      }
    },
  };
}

/** Every counter of the project is the sum of the ledger's lines. */
export async function expectAuditClean(app: TestApp, project: TestProject): Promise<void> {
  const audited = await audit(app.pool, project.projectId);
  expect(audited.flatMap(({ name, differences }) => differences.map((found) => ({ name, ...found })))).toEqual([]);
  expect(audited.reduce((sum, { accounts }) => sum + accounts, 0)).toBeGreaterThan(0);
}
