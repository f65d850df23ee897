import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Charset,
  type CodePattern,
  codeSource,
  normalizeCode,
  patternBits,
  patternCapacity,
} from "../../../api/domain/codes.ts";

/** Bytes that look random and are the same in every run. */
function seededBytes(seed: string): (size: number) => Uint8Array {
  let block = 0;
  return (size) => {
    const blocks = Array.from({ length: Math.ceil(size / 32) }, () => {
      block += 1;
      return createHash("sha256").update(`${seed}/${block}`).digest();
    });
    return Buffer.concat(blocks).subarray(0, size);
  };
}

describe("normalizeCode", () => {
  it.each([
    ["sale10", "SALE10"],
    ["  Sale10\t\n", "SALE10"],
    ["\u00a0SALE10\u3000", "SALE10"],
    ["ＳＡＬＥ１０", "SALE10"],
    ["A-b_c.9", "A-B_C.9"],
  ])("reads %j as %j", (text, code) => {
    expect(normalizeCode(text)).toBe(code);
  });

  it.each(["", "   ", "SALE 10", "SALE\u0000", "ÄPFEL", "a".repeat(65), "a".repeat(100_000), "x/y", "\ud800"])(
    "refuses %j",
    (text) => {
      expect(normalizeCode(text)).toBeNull();
    },
  );

  it("changes nothing the second time", () => {
    const piece = fc.constantFrom("a", "Z", "0", "-", "_", ".", " ", "ß", "ﬁ", "Ａ", "é", "ı", "ſ", "\u00a0", "Ⅷ", "²");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 70 }), (pieces) => {
        const once = normalizeCode(pieces.join(""));
        if (once !== null) expect(normalizeCode(once)).toBe(once);
      }),
    );
  });
});

describe("codeSource", () => {
  const charset = fc.constantFrom<Charset>("digits", "letters", "mixed");

  it("makes codes of the pattern that normalization leaves alone", () => {
    fc.assert(
      fc.property(charset, fc.integer({ min: 1, max: 20 }), fc.string(), (characters, length, seed) => {
        const next = codeSource({ prefix: "EU-", suffix: ".X", charset: characters, length }, seededBytes(seed));
        const code = next();
        expect(code).toHaveLength(length + 5);
        expect(code.startsWith("EU-") && code.endsWith(".X")).toBe(true);
        expect(normalizeCode(code)).toBe(code);
      }),
    );
  });

  it("never uses letters and digits that look alike", () => {
    const next = codeSource({ charset: "mixed", length: 5_000 }, seededBytes("look-alikes"));
    expect(next()).not.toMatch(/[01ILO]/);
  });

  it.each<Charset>(["digits", "letters", "mixed"])("uses every character of %s about equally often", (characters) => {
    const pattern: CodePattern = { charset: characters, length: 100_000 };
    const counts = new Map<string, number>();
    for (const character of codeSource(pattern, seededBytes("even"))()) {
      counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    const size = Number(patternCapacity({ charset: characters, length: 1 }));
    expect(counts.size).toBe(size);
    const expected = 100_000 / size;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // The 99.99th percentile for 30 degrees of freedom is 66.6; folding bytes would give thousands.
    expect(chiSquare).toBeLessThan(67);
  });

  it("asks for fresh bytes when the pool is empty", () => {
    const next = codeSource({ charset: "digits", length: 3_000 }, seededBytes("pools"));
    expect(next()).not.toBe(next());
  });
});

it("knows the size of a pattern in codes and in bits", () => {
  expect(patternCapacity({ charset: "digits", length: 4 })).toBe(10_000n);
  expect(patternBits({ charset: "digits", length: 4 })).toBeCloseTo(13.29, 2);
  expect(patternBits({ prefix: "VERY-LONG-", charset: "mixed", length: 10 })).toBeCloseTo(49.54, 2);
  expect(patternCapacity({ charset: "mixed", length: 20 })).toBe(31n ** 20n);
});
