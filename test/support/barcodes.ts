/** Reads QR codes and Code 128 in pictures, with the reader that the console gives to browsers. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { BarcodeDetector, prepareZXingModule } from "barcode-detector/ponyfill";
import type { Painted } from "./pdf.ts";

/** Browsers have these two. */
class Rectangle {}
class Picture {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  readonly colorSpace = "srgb";
  constructor({ data, width, height }: Painted) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
  get [Symbol.toStringTag]() {
    return "ImageData";
  }
}
Object.assign(globalThis, { DOMRectReadOnly: Rectangle, ImageData: Picture });

let ready = false;

export async function readBarcodes(picture: Painted): Promise<{ readonly format: string; readonly text: string }[]> {
  if (!ready) {
    const require = createRequire(import.meta.url);
    const ofDetector = createRequire(require.resolve("barcode-detector"));
    const wasmBinary = new Uint8Array(readFileSync(ofDetector.resolve("zxing-wasm/reader/zxing_reader.wasm"))).buffer;
    await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
    ready = true;
  }
  const detector = new BarcodeDetector({ formats: ["qr_code", "code_128"] });
  const found = await detector.detect(new Picture(picture) as unknown as Parameters<typeof detector.detect>[0]);
  return found.map(({ format, rawValue }) => ({ format, text: rawValue }));
}
