import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseArguments, UsageError } from "../../../ingest/import/arguments.ts";
import { planParts, TooLarge } from "../../../ingest/import/parts.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tessera-parts-"));
});
afterAll(() => rm(folder, { recursive: true }));

it("knows the format by the file's name, or is told", () => {
  expect(parseArguments(["orders", "a/b.parquet"])).toMatchObject({
    kind: "orders",
    file: "a/b.parquet",
    format: "parquet",
    keyEnv: "TESSERA_API_KEY",
    errorsFile: "a/b.parquet.errors.csv",
    again: false,
  });
  expect(parseArguments(["events", "x", "--format", "csv", "--key-env", "K", "--url", "http://h:1"])).toMatchObject({
    format: "csv",
    keyEnv: "K",
    url: "http://h:1",
  });
  for (const wrong of [
    [],
    ["orders"],
    ["vouchers", "a.csv"],
    ["orders", "a.txt"],
    ["orders", "a.csv", "b.csv"],
    ["orders", "a.csv", "--format", "xml"],
    ["orders", "a.csv", "--errors", "bad.txt"],
    ["orders", "a.csv", "--url", "nowhere"],
    ["orders", "a.csv", "--url", "http://h", "--project", "p"],
    ["orders", "a.csv", "--what"],
  ]) {
    expect(() => parseArguments(wrong)).toThrow(UsageError);
  }
});

it("cuts a file so that the parts are the file, of whole lines, each within its limits", async () => {
  const path = join(folder, "any.ndjson");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme-ascii", maxLength: 30 }), { maxLength: 60 }),
      fc.boolean(),
      fc.integer({ min: 31, max: 200 }),
      fc.integer({ min: 1, max: 20 }),
      async (lines, hasEnd, bytesMax, linesMax) => {
        const text = lines.join("\n") + (hasEnd ? "\n" : "");
        await writeFile(path, text);
        const { parts } = await planParts(path, "ndjson", { bytesMax, linesMax });
        const bytes = await readFile(path);
        let at = 0;
        for (const { start, end, linesBefore } of parts) {
          const own = bytes.subarray(start, end).toString();
          expect(start).toBe(at);
          expect(own.length).toBeLessThanOrEqual(bytesMax);
          expect(own.replace(/\n$/, "").split("\n").length).toBeLessThanOrEqual(linesMax);
          expect(bytes.subarray(0, start).toString().split("\n").length - 1).toBe(linesBefore);
          if (end < bytes.length) expect(own.endsWith("\n")).toBe(true);
          at = end;
        }
        expect(at).toBe(bytes.length);
      },
    ),
    { numRuns: 60 },
  );
});

it("does not cut what cannot be cut", async () => {
  const limits = { bytesMax: 60, linesMax: 100 };
  const path = join(folder, "x.csv");
  await writeFile(path, `id,sku,quantity\n${"o-1,a,1\n".repeat(20)}`);
  await expect(planParts(path, "csv", limits)).rejects.toThrow(TooLarge);
  await writeFile(path, `id,items\n${"o-1,[]\n".repeat(20)}`);
  const { header, parts } = await planParts(path, "csv", limits);
  expect(header.toString()).toBe("id,items\n");
  expect(parts.length).toBeGreaterThan(2);
  await writeFile(path, "x".repeat(200));
  await expect(planParts(path, "ndjson", limits)).rejects.toThrow(TooLarge);
  await expect(planParts(path, "parquet", limits)).rejects.toThrow(TooLarge);
});
