import { expect, it } from "vitest";
import type { Label } from "../../../api/vouchers/sheet/draw.ts";
import { sheetFile } from "../../../api/vouchers/sheet/file.ts";
import type { SheetLayout } from "../../../api/vouchers/sheet/schemas.ts";
import { readBarcodes } from "../../support/barcodes.ts";
import { paint, readPdf, streamOf } from "../../support/pdf.ts";

const plain: SheetLayout = { symbol: "qr", page_size: "a4", columns: 3, rows: 8 };
const now = new Date("2026-11-22T10:00:00Z");

function label(code: string, more: Partial<Label> = {}): Label {
  return {
    code,
    campaign: "Summer sale",
    validity: "Valid until 1 Jul 2027, 00:00 (Europe/Berlin)",
    information: "10 % off everything, once.",
    ...more,
  };
}

async function sheet(layout: SheetLayout, labels: readonly Label[]): Promise<Uint8Array> {
  let at = 0;
  const file = sheetFile(layout, "Summer sale", now, async () => {
    const block = labels.slice(at, at + 10);
    at += 10;
    return block.length === 0 ? undefined : block;
  });
  return new Uint8Array(await new Response(file).arrayBuffer());
}

const codes = (count: number, length: number) =>
  Array.from({ length: count }, (_, index) => `S-${String(index * 7919).padStart(length - 2, "0")}`);

async function read(bytes: Uint8Array) {
  const { pages } = readPdf(bytes);
  const found = [];
  for (const page of pages) found.push(...(await readBarcodes(paint(page, 200))));
  return { pages, found };
}

it.each([
  ["QR codes on A4", plain, 12, "qr_code"],
  ["QR codes on Letter, as small as they get", { ...plain, page_size: "letter", columns: 6, rows: 12 }, 12, "qr_code"],
  ["Code 128 on A4", { ...plain, symbol: "code128" }, 12, "code_128"],
  [
    "Code 128 on Letter, long",
    { ...plain, symbol: "code128", page_size: "letter", columns: 2, rows: 6 },
    30,
    "code_128",
  ],
] as const)(
  "prints %s that a scanner reads, every one of them, in a file that is whole",
  async (_, layout, length, format) => {
    const perPage = layout.columns * layout.rows;
    const wanted = codes(perPage + 3, length);
    const { pages, found } = await read(
      await sheet(
        layout,
        wanted.map((code) => label(code)),
      ),
    );
    expect(pages.map(({ width, height }) => [Math.round(width), Math.round(height)])).toEqual(
      Array(2).fill(layout.page_size === "a4" ? [595, 842] : [612, 792]),
    );
    expect(new Set(found.map(({ text }) => text))).toEqual(new Set(wanted));
    expect(new Set(found.map((one) => one.format))).toEqual(new Set([format]));
  },
);

it("prints as a QR code what would be too narrow as lines, and reads a code of 64 characters", async () => {
  const long = `${"AZ_.-09X".repeat(7)}LAST-ONE`;
  const { found } = await read(await sheet({ ...plain, symbol: "code128" }, [label(long), label("SALE10")]));
  expect(new Map(found.map(({ text, format }) => [text, format]))).toEqual(
    new Map([
      [long, "qr_code"],
      ["SALE10", "code_128"],
    ]),
  );
});

it("writes letters of other scripts in a font that it brings along, and keeps hostile texts inside their label", async () => {
  const texts = [
    "Скидка для Ольги",
    "Έκπτωση",
    "خصم الصيف",
    "夏のセール 🎉",
    "a) Tj ET BT (injected",
    "\u202eevil\u0000\u0007\n\r\\(",
    "x".repeat(3_000),
    "word ".repeat(600),
  ];
  const labels = texts.map((text, index) => label(`T-${index}`, { campaign: text, information: text, validity: text }));
  const bytes = await sheet({ ...plain, columns: 2, rows: 4 }, labels);
  const { pages, found } = await read(bytes);
  expect(pages).toHaveLength(1);
  expect(new Set(found.map(({ text }) => text))).toEqual(new Set(labels.map(({ code }) => code)));
  const { objects } = readPdf(bytes);
  const fonts = [...objects.values()].filter((object) => object.includes("/FontFile2"));
  expect(fonts).toHaveLength(1);
  // The letters' own meaning comes along, so that they can be searched and copied.
  const meanings = [...objects.values()].filter((object) => object.includes("stream")).map(streamOf);
  const meant = meanings.find((stream) => stream.includes("beginbfrange")) ?? "";
  for (const letter of "ОльгиΈκ") {
    expect(meant).toContain(letter.codePointAt(0)?.toString(16).padStart(4, "0"));
  }
});

it("brings no font along where it needs none, and is one empty page where nothing is left to print", async () => {
  const bytes = await sheet(plain, [label("A", { campaign: "Été – 10 € “off”" })]);
  expect([...readPdf(bytes).objects.values()].some((object) => object.includes("/FontFile2"))).toBe(false);
  const empty = await read(await sheet(plain, []));
  expect(empty.pages).toHaveLength(1);
  expect(empty.found).toEqual([]);
});

it("draws no further than it is taken, and stops when nobody takes it any more", async () => {
  let asked = 0;
  const file = sheetFile(plain, "Endless", now, async () => {
    asked++;
    return Array.from({ length: 24 }, (_, index) => label(`E-${asked}-${index}`, { information: null }));
  });
  const reader = file.getReader();
  for (let chunk = 0; chunk < 4; chunk++) expect((await reader.read()).done).toBe(false);
  const before = asked;
  expect(before).toBeLessThanOrEqual(6);
  await reader.cancel();
  // Another one has its turn, so the endless one is over.
  expect((await sheet(plain, [label("NEXT")])).length).toBeGreaterThan(500);
  expect(asked).toBeLessThanOrEqual(before + 1);
});
