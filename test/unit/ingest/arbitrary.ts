/** Random payloads from the contracts themselves, so that a new field or event is tested the day it is written. */
import fc from "fast-check";
import { type Event, type EventType, payloads } from "../../../ingest/events/events.ts";

interface Definition {
  readonly type: string;
  readonly shape: Readonly<Record<string, Schema>>;
  readonly element: Schema;
  readonly innerType: Schema;
  readonly valueType: Schema;
  readonly entries: Readonly<Record<string, string>>;
  readonly getter: () => Schema;
}
interface Schema {
  readonly def: Definition;
  readonly format?: string | null;
  readonly minValue?: number | null;
  readonly maxValue?: number | null;
}

/** What a shopper's system may send: no NUL and no lone surrogate, the edge refuses those. */
const text = fc.string({ unit: "grapheme", maxLength: 12 }).map((value) => value.replaceAll("\0", ""));
const json = fc.oneof(
  text,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.dictionary(key(), fc.integer(), { maxKeys: 2 }),
);
const moment = fc
  .integer({ min: Date.parse("2000-01-01T00:00:00Z"), max: Date.parse("2099-12-31T23:59:59.999Z") })
  .map((at) => new Date(at).toISOString());

function key() {
  return fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 8 }).filter((name) => name !== "__proto__");
}

function arbitrary(schema: Schema): fc.Arbitrary<unknown> {
  const { def } = schema;
  switch (def.type) {
    case "object":
      return fc.record(Object.fromEntries(Object.entries(def.shape).map(([name, inner]) => [name, arbitrary(inner)])));
    case "array":
      return fc.array(arbitrary(def.element), { maxLength: 3 });
    case "nullable":
      return fc.option(arbitrary(def.innerType), { nil: null });
    case "optional":
      return fc.option(arbitrary(def.innerType), { nil: undefined });
    case "record":
      return fc.dictionary(key(), arbitrary(def.valueType), { maxKeys: 3 });
    case "enum":
      return fc.constantFrom(...Object.values(def.entries));
    case "string":
      return schema.format === "datetime" ? moment : text;
    case "boolean":
      return fc.boolean();
    case "number":
      return schema.format === "safeint"
        ? fc.integer({ min: Math.max(schema.minValue ?? -1e12, -1e12), max: Math.min(schema.maxValue ?? 1e12, 1e12) })
        : fc
            .double({
              min: Math.max(schema.minValue ?? -1e6, -1e6),
              max: Math.min(schema.maxValue ?? 1e6, 1e6),
              noNaN: true,
            })
            .map((n) => n + 0);
    case "lazy":
    case "union":
      return json;
    default:
      throw new Error(`no arbitrary for a ${def.type} in an event's payload`);
  }
}

export const eventTypes = Object.keys(payloads) as EventType[];

/** Any event of the type, as a producer would append it. */
export function anyEvent(type: EventType, projectId: fc.Arbitrary<string> = fc.constant("prj_test")) {
  return fc
    .record({
      event_id: fc.uuid(),
      project_id: projectId,
      type: fc.constant(type),
      version: fc.constant(1),
      occurred_at: moment,
      payload: arbitrary(payloads[type] as unknown as Schema),
    })
    .map((event) => event as unknown as Event);
}
