import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../../api/http/idempotency.ts";
import { parseStrictJson } from "../../../api/http/json-body.ts";
import { Problem } from "../../../api/http/problem.ts";

function refusal(text: string): Problem {
  try {
    parseStrictJson(text);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

/** Values that a body may hold: no NUL, whole characters, exact integers, at most 32 deep. */
const storable = fc
  .jsonValue({ maxDepth: 8, stringUnit: "grapheme" })
  .filter((value) => isExact(value) && !/\\u0000|__proto__/.test(JSON.stringify(value)));

function isExact(value: unknown): boolean {
  if (typeof value === "number") return !Number.isInteger(value) || Number.isSafeInteger(value);
  return typeof value !== "object" || value === null || Object.values(value).every(isExact);
}

describe("parseStrictJson", () => {
  it("reads what JSON.parse reads, wherever blanks are", () => {
    fc.assert(
      fc.property(storable, fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseStrictJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("names the place of what cannot be kept", () => {
    const cases: [string, string][] = [
      ['{"a":{"b":1,"b":2}}', "/a/b"],
      ['{"a":[{},{"x/y":1,"x\\/y":2}]}', "/a/1/x~1y"],
      ['{"a":{"__proto__":{}}}', "/a/__proto__"],
      ['["ok","\\u0000"]', "/1"],
      ['{"a":"\\ud83d"}', "/a"],
      ['{"a":"\\ude00\\ud83d"}', "/a"],
      ['{"a":[1,9007199254740993]}', "/a/1"],
      ['{"a":-1e999}', "/a"],
      ['"\\u0000"', ""],
    ];
    for (const [text, pointer] of cases) {
      const problem = refusal(text);
      expect([text, problem.code, problem.options.errors?.[0]?.pointer]).toEqual([text, "invalid_request", pointer]);
    }
  });

  it("is not misled by braces, commas and escaped quotes inside texts", () => {
    const text = '{"a":"{\\"a\\":1,","b":"\\\\","c":["],[",{"a":"a"}],"\\u0062c":1}';
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
    expect(refusal('{"a\\u0062":1,"ab":2}').options.errors?.[0]?.pointer).toBe("/ab");
  });

  it("accepts 32 levels and refuses 33, also where the text is broken", () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(parseStrictJson(nested(32))).toBeInstanceOf(Array);
    expect(refusal(nested(33)).code).toBe("malformed_json");
    expect(refusal("[".repeat(200_000)).code).toBe("malformed_json");
  });

  it("never leaves a polluted prototype behind", () => {
    refusal('{"__proto__":{"polluted":true}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("canonicalJson", () => {
  it("is the same for the same value, whatever the order of fields, and differs otherwise", () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, inner]) => [key, reversed(inner)]),
      );
    };
    fc.assert(
      fc.property(storable, storable, (one, other) => {
        expect(canonicalJson(reversed(one))).toBe(canonicalJson(one));
        const same = JSON.stringify(one) === JSON.stringify(other);
        if (canonicalJson(one) === canonicalJson(other)) expect(same || equal(one, other)).toBe(true);
      }),
    );
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  });
});

function equal(one: unknown, other: unknown): boolean {
  expect(one).toEqual(other);
  return true;
}
