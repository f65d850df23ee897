import { describe, expect, it } from "vitest";
import { checkPattern, found } from "../../../../api/domain/rules/pattern.ts";

describe("a pattern", () => {
  it.each(["^a+$", "(?i)vip", "[0-9]{4}", "\\p{Lu}", "(a+)+$", "a|b", "a{498}"])("%j can be asked for", (pattern) => {
    expect(checkPattern(pattern)).toBeNull();
  });

  it.each([
    ["", /1 to 200 characters/],
    ["a".repeat(201), /1 to 200 characters/],
    ["(", /RE2 syntax: missing closing \)/],
    ["(a)\\1", /RE2 syntax: invalid escape sequence/],
    ["(?<=a)b", /RE2 syntax/],
    ["a{1001}", /RE2 syntax: invalid repeat count/],
    ["(a{100}){10}", /repeat less/],
  ])("%j is refused with the reason", (pattern, reason) => {
    expect(checkPattern(pattern)).toMatch(reason);
    expect(found(pattern, pattern)).toBe(false);
  });

  it("that makes other engines try for hours is answered as any other", () => {
    // A backtracking engine needs 2^40 steps and more for each of these.
    const text = "a".repeat(999);
    for (const pattern of ["(a+)+$b", "(a|aa)+$b", "([a-z]+)*[0-9]$", "(?:a?){40}a{40}b", "(.*a){12}x"]) {
      expect(found(pattern, text)).toBe(false);
    }
  });

  it("means the same after thousands of others were asked for", () => {
    expect(found("^first$", "first")).toBe(true);
    for (let n = 0; n < 2_000; n += 1) expect(found(`^${n}$`, String(n))).toBe(true);
    expect([found("^first$", "first"), found("^first$", "second"), found("^7$", "7")]).toEqual([true, false, true]);
  });
});
