/** Events of the past that a workflow would have seen, from the warehouse. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { payloads } from "../../ingest/events/events.ts";
import { upcast } from "../../ingest/events/upcast.ts";
import { type Followed, followedTypes, type PastEvent, triggersOf } from "./trigger-match.ts";
import type { Trigger } from "./trigger-schema.ts";

export interface PastEvents {
  /** How many there are. */
  readonly count: number;
  /** The oldest of them, in their order. */
  readonly events: readonly PastEvent[];
}

const row = z.object({
  event_id: z.string(),
  type: z.enum(followedTypes),
  version: z.int(),
  occurred_at: z.string().transform((text) => new Date(text).toISOString()),
  payload: z.string(),
});

/** Late ones, an import say, are left out as they are by the engine. */
const past = `
  FROM events
  WHERE project_id = {project: String} AND type IN {types: Array(String)} AND customer != ''
    AND occurred_at >= fromUnixTimestamp64Milli({from: Int64}, 'UTC')
    AND occurred_at < fromUnixTimestamp64Milli({to: Int64}, 'UTC')
    AND recorded_at <= occurred_at + INTERVAL 1 DAY
    AND ({name: String} = '' OR name = {name: String})
    AND ({subject: String} = '' OR subject_id = {subject: String})`;

export async function readPastEvents(
  warehouse: ClickHouseClient,
  projectId: string,
  trigger: Trigger,
  window: { readonly from: Date; readonly to: Date; readonly limit: number },
): Promise<PastEvents> {
  const parameters = {
    project: projectId,
    types: followedTypes.filter((type) => triggersOf[type].includes(trigger.on)),
    from: window.from.getTime(),
    to: window.to.getTime(),
    name: trigger.on === "custom" ? trigger.name : "",
    subject: "segment_id" in trigger ? trigger.segment_id : "",
    limit: window.limit,
  };
  const ask = async (query: string): Promise<unknown> => {
    const result = await warehouse.query({
      query,
      query_params: parameters,
      format: "JSONEachRow",
      clickhouse_settings: {
        max_execution_time: 20,
        max_memory_usage: "1000000000",
        date_time_output_format: "iso",
        output_format_json_quote_64bit_integers: 0,
      },
    });
    return result.json();
  };
  const [counted, read] = await Promise.all([
    ask(`SELECT toInt64(count()) AS count ${past}`),
    ask(
      `SELECT event_id, type, version, occurred_at, payload ${past} ORDER BY occurred_at, event_id LIMIT {limit: UInt32}`,
    ),
  ]);
  const [{ count }] = z.tuple([z.object({ count: z.int() })]).parse(counted);
  return { count, events: z.array(row).parse(read).flatMap(eventOf) };
}

function eventOf({ event_id, type, version, occurred_at, payload }: z.output<typeof row>): PastEvent[] {
  const current = upcast(type, version, JSON.parse(payload));
  const parsed = "error" in current ? undefined : payloads[type].safeParse(current.content);
  // What the contract of today does not read the engine passes over too.
  if (parsed?.success !== true) return [];
  return [{ event_id, type, occurred_at, payload: parsed.data as Followed["payload"] } as PastEvent];
}
