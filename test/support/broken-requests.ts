/** Requests that are wrong in one or more places: valid ones out of the schemas, with something poisonous put in. */
import fc from "fast-check";
import type { Operation, Schema } from "./operations.ts";

type Schemas = Readonly<Record<string, Schema>>;

const depthMax = 6;

/** Mostly valid values of a schema: near misses get deeper into a handler than noise does. */
function valuesOf(schema: Schema, schemas: Schemas, depth = 0): fc.Arbitrary<unknown> {
  const made = generated(schema, schemas, depth);
  return schema.example === undefined ? made : fc.oneof(fc.constant(schema.example), made);
}

function generated(schema: Schema, schemas: Schemas, depth: number): fc.Arbitrary<unknown> {
  if (depth > depthMax) return fc.constantFrom(null, 1, "a", {}, []);
  const inner = (part: Schema) => valuesOf(part, schemas, depth + 1);
  if (schema.$ref !== undefined) return inner(schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return fc.oneof(...choices.map(inner));
  if (schema.allOf) return fc.tuple(...schema.allOf.map(inner)).map((parts) => Object.assign({}, ...parts));
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["any"]);
  return fc.oneof(...types.map((type) => ofType(type, schema, inner)));
}

function ofType(type: string, schema: Schema, inner: (part: Schema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  switch (type) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({
        min: Math.max(schema.minimum ?? 0, -1_000),
        max: Math.min(schema.maximum ?? 10_000, 10_000),
      });
    case "number":
      return fc.double({ min: schema.minimum ?? 0, max: schema.maximum ?? 1_000, noNaN: true });
    case "string":
      return strings(schema);
    case "array":
      return fc.array(inner(schema.items ?? {}), { minLength: Math.min(schema.minItems ?? 0, 3), maxLength: 3 });
    case "object":
      return objects(schema, inner);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function strings(schema: Schema): fc.Arbitrary<string> {
  if (schema.format === "date-time") {
    return fc.constantFrom("2026-11-22T10:00:00Z", "2030-01-01T00:00:00+14:00", "1999-12-31T23:59:60Z");
  }
  if (schema.format === "date") return fc.constantFrom("1990-05-17", "2000-02-29", "1900-02-29");
  if (schema.pattern !== undefined) {
    return fc.oneof(fc.constantFrom("EUR", "a", "09:00", "UTC"), fc.string({ maxLength: 10 }));
  }
  return fc.oneof(
    fc.constantFrom("order.amount", "item.sku", "a", "EUR", "Europe/Berlin", "mixed", "cam_x"),
    fc.string({ unit: "grapheme", minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? 20, 20) }),
  );
}

function objects(schema: Schema, inner: (part: Schema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, part]) => [name, inner(part)]));
  const requiredKeys = (schema.required ?? []).filter((name) => name in fields);
  const named = fc.record(fields, { requiredKeys });
  if (typeof schema.additionalProperties !== "object") return named;
  const more = fc.dictionary(fc.string({ maxLength: 8 }), inner(schema.additionalProperties), { maxKeys: 3 });
  return fc.tuple(named, more).map(([first, second]) => ({ ...second, ...first }));
}

/** What no body may hold anywhere. Written as JSON text: JavaScript could not hold some of it. */
const poisons = [
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"x\\udfff"',
  "9007199254740993",
  "-9007199254740993",
  "1e400",
  '{"__proto__":{"polluted":true}}',
  '{"a":1,"a":2}',
  '{"\\u0000":1}',
  '{"\\ud800":1}',
  `${"[".repeat(40)}${"]".repeat(40)}`,
];

/** Wrong in most places, right in some. */
const oddities = [
  "null",
  "true",
  "-1",
  "0",
  "0.5",
  "1e308",
  "-0",
  '""',
  '" "',
  "[]",
  "{}",
  "[null]",
  "[[]]",
  '{"":""}',
  `"${"x".repeat(5_000)}"`,
  '"9999-12-31T23:59:59Z"',
  '"2026-13-45T99:99:99Z"',
  '"0001-01-01"',
  '"\\uffff"',
  '"%00"',
  `"'; drop table voucher; --"`,
  '"^(a+)+$"',
  '{"toString":1}',
  '{"constructor":{"prototype":1}}',
  '{"then":1}',
  '{"all":[]}',
  '{"on":"order.amount","op":"between","value":[]}',
];

const marker = "\u2603 put it here \u2603";

/** A body in which one place holds a poison: it must be refused whatever the route. */
export function poisonedBody(operation: Operation, schemas: Schemas): fc.Arbitrary<string> {
  return withReplacement(operation, schemas, fc.constantFrom(...poisons));
}

export function oddBody(operation: Operation, schemas: Schemas): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 6, arbitrary: withReplacement(operation, schemas, fc.constantFrom(...oddities)) },
    { weight: 2, arbitrary: bodies(operation, schemas).map((value) => JSON.stringify(value) ?? "null") },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string() },
    {
      weight: 1,
      arbitrary: fc
        .tuple(bodies(operation, schemas), fc.double({ min: 0, max: 1, noNaN: true }))
        .map(([value, share]) => (JSON.stringify(value) ?? "").slice(0, Math.floor(share * 200))),
    },
  );
}

function bodies(operation: Operation, schemas: Schemas): fc.Arbitrary<unknown> {
  return valuesOf(operation.body ?? {}, schemas);
}

/** Puts the text at a place of the value: over a node, or in a field that was not there. */
function withReplacement(
  operation: Operation,
  schemas: Schemas,
  replacements: fc.Arbitrary<string>,
): fc.Arbitrary<string> {
  return fc.tuple(bodies(operation, schemas), fc.nat(), fc.boolean(), replacements).map(([value, at, add, text]) => {
    const copy = structuredClone(value);
    const places = add ? objectsIn(copy).map((object) => [object, "unknown_field"] as const) : nodesIn(copy);
    const place = places[at % Math.max(1, places.length)];
    if (!place) return text;
    (place[0] as Record<string | number, unknown>)[place[1]] = marker;
    return JSON.stringify(copy).replace(JSON.stringify(marker), () => text);
  });
}

function nodesIn(value: unknown): (readonly [object, string | number])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.keys(value).flatMap((key) => {
    const inner = (value as Record<string, unknown>)[key];
    return [[value, key] as const, ...nodesIn(inner)];
  });
}

function objectsIn(value: unknown): object[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap(objectsIn);
  return Array.isArray(value) ? inner : [value, ...inner];
}

const rawParts = [
  "%00",
  "%ff",
  "%ed%a0%80",
  "%",
  "%zz",
  "..%2f..%2fetc",
  "%2e%2e",
  "%E2%98%83",
  "a%0ab",
  "%F0%9F%98%80",
];

/** A piece of a path or query, encoded; some of them wrongly. */
export function addressPart(known: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...known, "x").map(encodeURIComponent) },
    fc.constantFrom(...rawParts),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }).map((text) => encodeURIComponent(text)),
    fc.constant("x".repeat(3_000)),
  );
}

export function queryOf(operation: Operation): fc.Arbitrary<string> {
  const names = [...Object.keys(operation.queryParameters), "unknown"];
  const value = fc.oneof(addressPart(["20", "0", "-1", "1e9", "WyIwIl0", "bnVsbA", "2026-11-22T10:00:00Z", "active"]));
  return fc
    .array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 3 })
    .map((pairs) => (pairs.length === 0 ? "" : `?${pairs.map(([name, text]) => `${name}=${text}`).join("&")}`));
}
