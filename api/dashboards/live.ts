/** Answers that stay true until something happens: kept while the warehouse has no newer event of the project. */
import type { ClickHouseClient } from "@clickhouse/client";
import { LRUCache } from "lru-cache";
import { z } from "zod";

const bytesMax = 64 * 1024 * 1024;
/** Wide tables are refreshed by a worker without an event of their own, and some figures count days until today. */
const keepMs = 60_000;
/** Questions of one page arrive together; they share one look at the newest event. */
const lookMs = 250;

const stateRow = z.object({ newest: z.string(), events: z.int() });

interface Kept {
  readonly body: Buffer;
  readonly encoding?: string;
}

/**
 * Two who ask the same at once share one answer, and so do all who ask again before the project's next event: an answer
 * is never older than the newest event in the warehouse, nor than a minute.
 */
export function createLive(warehouse: ClickHouseClient) {
  const sizeCalculation = (kept: Kept) => kept.body.length + 500;
  const answers = new LRUCache<string, Kept>({ maxSize: bytesMax, sizeCalculation, ttl: keepMs });
  const running = new Map<string, Promise<Kept>>();
  const looks = new LRUCache<string, Promise<string>>({ max: 2_000, ttl: lookMs });

  /** What changes with every event that arrives, or is erased. */
  function stateOf(projectId: string): Promise<string> {
    const begun = looks.get(projectId);
    if (begun) return begun;
    const look = readState(warehouse, projectId);
    looks.set(projectId, look);
    look.catch(() => looks.delete(projectId));
    return look;
  }

  return async function answer(projectId: string, question: string, read: () => Promise<Kept>): Promise<Kept> {
    const key = `${projectId}\n${await stateOf(projectId)}\n${question}`;
    const known = answers.get(key);
    if (known) return known;
    const begun = running.get(key);
    if (begun) return begun;
    const reading = read();
    running.set(key, reading);
    try {
      const kept = await reading;
      answers.set(key, kept);
      return kept;
    } finally {
      running.delete(key);
    }
  };
}

async function readState(warehouse: ClickHouseClient, projectId: string): Promise<string> {
  const result = await warehouse.query({
    // Copies that are not merged yet change the count and cost one reading more; nothing else reads this table raw.
    query: `
      SELECT toString(max(recorded_at)) AS newest, toInt64(count()) AS events
      FROM events_raw WHERE project_id = {project: String}`,
    query_params: { project: projectId },
    format: "JSONEachRow",
    clickhouse_settings: { max_execution_time: 10 },
  });
  const [row] = z
    .array(stateRow)
    .length(1)
    .parse(await result.json());
  return `${row?.newest} ${row?.events} ${new Date().toISOString().slice(0, 10)}`;
}
