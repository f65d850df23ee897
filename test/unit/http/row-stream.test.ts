import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type RowFormat, readRows, rowFormat, type UploadedRow } from "../../../api/http/row-stream.ts";

const columns = ["code", "note"];
const generous = { bytesMax: 10_000_000, rowsMax: 1_000_000 };

/** @param pieces how the bytes arrive */
async function read(
  content: string | Uint8Array,
  format: RowFormat,
  pieces = 1,
  limits = generous,
): Promise<UploadedRow[]> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
  const rows: UploadedRow[] = [];
  for await (const block of readRows(body, format, columns, limits, createHash("sha256"))) rows.push(...block);
  return rows;
}

describe("CSV", () => {
  it("reads the same rows however the bytes are cut", async () => {
    const file = '\uFEFFcode,note\r\nA1,"x, ""y"""\r\n\r\nÄ2,\r\nA3,z';
    const rows = [
      { line: 2, content: { code: "A1", note: 'x, "y"' } },
      { line: 4, content: { code: "Ä2" } },
      { line: 5, content: { code: "A3", note: "z" } },
    ];
    for (let pieces = 1; pieces <= 50; pieces += 1) expect(await read(file, "csv", pieces)).toEqual(rows);
  });

  it("keeps a broken line to itself", async () => {
    const file = 'note,code\nfine,A\n"never closed,B\nin "side",C\na,b,c\nfine,D\n"x"y,E\n';
    expect(await read(file, "csv")).toEqual([
      { line: 2, content: { note: "fine", code: "A" } },
      { line: 3, fault: "A quote is not closed, or stands inside an unquoted field." },
      { line: 4, fault: "A quote is not closed, or stands inside an unquoted field." },
      { line: 5, fault: "The line has 3 fields, the header 2." },
      { line: 6, content: { note: "fine", code: "D" } },
      { line: 7, fault: "A quote is not closed, or stands inside an unquoted field." },
    ]);
  });

  it.each([
    ["in UTF-16", Buffer.from("\uFEFFcode,note\r\nA,x\r\n", "utf16le")],
    ["in Latin-1", Buffer.from("code,n\u00F6te\ncode,note\nA,x\n", "latin1")],
    ["too long", Buffer.from(`code,${"x".repeat(70_000)}\ncode,note\nA,x\n`)],
  ])("refuses a file whose first line is %s, and takes no later line for it", async (_, bytes) => {
    await expect(read(bytes, "csv")).rejects.toThrow(/^The first line cannot be read/);
  });

  it("takes the mark off that our exports put before what a spreadsheet would run", async () => {
    expect(await read("code\n'-A\n'=B\n'C\n", "csv")).toEqual([
      { line: 2, content: { code: "-A" } },
      { line: 3, content: { code: "=B" } },
      { line: 4, content: { code: "'C" } },
    ]);
  });

  it.each([
    ["an unknown column", "code,colour\nA,red\n"],
    ["a column twice", "code,code\nA,A\n"],
    ["no header", "A1\nA2\n"],
    ["a header that is not CSV", '"code\nA\n'],
  ])("refuses a file with %s", async (_what, file) => {
    await expect(read(file, "csv")).rejects.toMatchObject({ status: 400, code: "invalid_request" });
  });
});

describe("NDJSON", () => {
  it("reads objects and names what is wrong with other lines", async () => {
    const file = '{"code":"A"}\nnope\n[1]\n{"code":"B","code":"C"}\n{"__proto__":{}}\n\n{"code":"D"}';
    const rows = await read(file, "ndjson", 7);
    expect(rows.map((row) => row.content ?? row.fault)).toEqual([
      { code: "A" },
      "The line is not well-formed JSON.",
      "Expected a JSON object.",
      "The field is given twice.",
      "A field may not have this name.",
      { code: "D" },
    ]);
    expect(rows.map((row) => row.line)).toEqual([1, 2, 3, 4, 5, 7]);
  });

  it("leaves out lines that are too long, not UTF-8, or hold what cannot be stored, and reads on", async () => {
    const long = `{"code":"${"x".repeat(70_000)}"}`;
    const bytes = Buffer.concat([
      Buffer.from(`{"code":"A"}\n${long}\n{"code":"`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}\n{"code":"a\u0000b"}\n{"code":"B"}\n'),
      Buffer.from(long),
    ]);
    for (const pieces of [1, 2, 3, 1000]) {
      const rows = await read(bytes, "ndjson", pieces);
      expect(rows.map((row) => row.content ?? row.fault)).toEqual([
        { code: "A" },
        "The line is longer than 65536 bytes.",
        "The line is not valid UTF-8.",
        "The text contains the character U+0000.",
        { code: "B" },
        "The line is longer than 65536 bytes.",
      ]);
    }
  });
});

it("stops at the limits of bytes and of rows", async () => {
  const file = '{"code":"A"}\n'.repeat(100);
  await expect(read(file, "ndjson", 5, { bytesMax: 1_000, rowsMax: 1_000 })).rejects.toMatchObject({ status: 413 });
  await expect(read(file, "ndjson", 5, { bytesMax: 10_000, rowsMax: 99 })).rejects.toMatchObject({ status: 413 });
  expect(await read(file, "ndjson", 5, { bytesMax: 10_000, rowsMax: 100 })).toHaveLength(100);
  expect(await read(`code\n${"A\n".repeat(100)}`, "csv", 5, { bytesMax: 10_000, rowsMax: 100 })).toHaveLength(100);
  await expect(read("\n".repeat(101), "ndjson", 5, { bytesMax: 10_000, rowsMax: 100 })).rejects.toThrow("at most 100");
});

it.each(["csv", "ndjson"] as const)("gives up a %s file that has no lines, long before its end", async (format) => {
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      const first = sent === 0 ? (format === "csv" ? "code\nA\n" : '{"code":"A"}\n\n') : "";
      sent += 1;
      controller.enqueue(Buffer.from(first.padEnd(100_000, "x")));
    },
  });
  const limits = { bytesMax: 512 * 1024 * 1024, rowsMax: 5_000_000 };
  const reading = async () => {
    for await (const _ of readRows(endless, format, ["code"], limits, createHash("sha256")));
  };
  await expect(reading()).rejects.toMatchObject({ status: 400, detail: expect.stringContaining("Line 3 is longer") });
  expect(sent).toBeLessThan(15);
});

it("knows its two formats by the media type and refuses others", () => {
  expect(rowFormat("text/csv; charset=utf-8")).toBe("csv");
  expect(rowFormat("application/x-ndjson")).toBe("ndjson");
  for (const other of [undefined, "", "application/json", "text/plain"]) {
    expect(() => rowFormat(other)).toThrow(/text\/csv/);
  }
});
