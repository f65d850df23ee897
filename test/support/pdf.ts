/**
 * Reads a PDF file from its bytes as ISO 32000 says, as far as our sheets go, and paints what is filled in it: shapes are
 * dark, letters and outlines are left out.
 */
import { inflateSync } from "node:zlib";
import { expect } from "vitest";

export interface PdfPage {
  readonly width: number;
  readonly height: number;
  /** The content stream, unpacked. */
  readonly content: string;
}

export interface Pdf {
  readonly pages: readonly PdfPage[];
  /** All objects by number, as text. */
  readonly objects: ReadonlyMap<number, string>;
}

/** Follows the cross-reference table: every offset has to point at the object that it names. */
export function readPdf(bytes: Uint8Array): Pdf {
  const text = Buffer.from(bytes).toString("latin1");
  expect(text.slice(0, 5)).toBe("%PDF-");
  const at = Number(/startxref\s+(\d+)\s+%%EOF\s*$/.exec(text)?.[1]);
  expect(text.slice(at, at + 4)).toBe("xref");
  const table = /^xref\s+0 (\d+)\s+((?:\d{10} \d{5} [nf]\s+)+)trailer/.exec(text.slice(at));
  const entries = (table?.[2] ?? "").trim().split(/\s*\n/);
  expect(entries).toHaveLength(Number(table?.[1]));
  const objects = new Map<number, string>();
  for (const [number, entry] of entries.entries()) {
    if (!entry.trim().endsWith("n")) continue;
    const from = Number(entry.slice(0, 10));
    const object = text.slice(from, text.indexOf("endobj", from));
    expect(object.startsWith(`${number} 0 obj`)).toBe(true);
    objects.set(number, object);
  }
  const objectOf = (reference: string | undefined) => objects.get(Number(reference)) ?? "";
  const root = objectOf(/\/Root (\d+) 0 R/.exec(text.slice(at))?.[1]);
  const list = objectOf(/\/Pages (\d+) 0 R/.exec(root)?.[1]);
  const kids = [...(/\/Kids \[([^\]]*)\]/.exec(list)?.[1] ?? "").matchAll(/(\d+) 0 R/g)].map(([, kid]) =>
    objectOf(kid),
  );
  expect(kids).toHaveLength(Number(/\/Count (\d+)/.exec(list)?.[1]));
  const pages = kids.map((kid) => {
    const [, width, height] = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(kid) ?? [];
    return {
      width: Number(width),
      height: Number(height),
      content: streamOf(objectOf(/\/Contents (\d+)/.exec(kid)?.[1])),
    };
  });
  return { pages, objects };
}

export function streamOf(object: string): string {
  const begin = object.indexOf("stream\n") + 7;
  const length = Number(/\/Length (\d+)/.exec(object)?.[1]);
  const stream = Buffer.from(object.slice(begin, begin + length), "latin1");
  expect(object.slice(begin + length).trim()).toBe("endstream");
  return (object.includes("/FlateDecode") ? inflateSync(stream) : stream).toString("latin1");
}

export interface Painted {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** Paints the rectangles that a page fills, at so many dots an inch, onto white. */
export function paint(page: PdfPage, dpi: number): Painted {
  const scale = dpi / 72;
  const [width, height] = [Math.ceil(page.width * scale), Math.ceil(page.height * scale)];
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  type Matrix = readonly [number, number, number, number, number, number];
  let matrix: Matrix = [1, 0, 0, 1, 0, 0];
  const saved: Matrix[] = [];
  let path: number[][] = [];
  const fill = () => {
    for (const [x = 0, y = 0, w = 0, h = 0] of path) {
      const [a, , , d, e, f] = matrix;
      const xs = [a * x + e, a * (x + w) + e]
        .sort((one, other) => one - other)
        .map((value) => Math.round(value * scale));
      // PDF counts from below, pictures from above.
      const ys = [d * y + f, d * (y + h) + f]
        .map((value) => Math.round((page.height - value) * scale))
        .sort((one, other) => one - other);
      for (let row = ys[0] ?? 0; row < (ys[1] ?? 0); row++) {
        for (let column = xs[0] ?? 0; column < (xs[1] ?? 0); column++) {
          data.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3);
        }
      }
    }
  };
  let operands: number[] = [];
  for (const token of page.content.replace(/\((?:\\.|[^\\)])*\)|<[0-9a-f\s]*>/gi, " ").split(/[\s[\]]+/)) {
    if (/^[-+]?[\d.]+$/.test(token)) {
      operands.push(Number(token));
      continue;
    }
    if (token === "q") saved.push(matrix);
    if (token === "Q") matrix = saved.pop() ?? matrix;
    if (token === "cm") {
      const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = operands;
      const [A, B, C, D, E, F] = matrix;
      matrix = [a * A + b * C, a * B + b * D, c * A + d * C, c * B + d * D, e * A + f * C + E, e * B + f * D + F];
    }
    if (token === "re") path.push(operands.slice(-4));
    if (token === "f") fill();
    if (["f", "S", "n", "s", "B"].includes(token)) path = [];
    operands = [];
  }
  return { width, height, data };
}
