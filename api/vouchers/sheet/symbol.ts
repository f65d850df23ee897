/** A code as a QR code or Code 128, in shapes and not in pixels: a printer draws it as sharp as it can. */
import bwipjs from "bwip-js/node";

export type SymbolKind = "qr" | "code128";

/** A dark part, in modules from the top left. */
interface Bar {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface CodeSymbol {
  readonly kind: SymbolKind;
  /** In modules, without the quiet zone. */
  readonly width: number;
  readonly height: number;
  /** How many modules around it have to stay white, as the standards ask. */
  readonly quiet: number;
  readonly bars: readonly Bar[];
}

/** A quarter of a QR code may be dirty, which a label in a shop will be (level Q of ISO/IEC 18004). */
const errorCorrection = "Q";

/** @param code as it is stored: letters, digits, dots, hyphens and underscores, at most 64. */
export function symbolOf(code: string, kind: SymbolKind): CodeSymbol {
  return kind === "qr" ? qrCode(code) : code128(code);
}

function qrCode(code: string): CodeSymbol {
  const [matrix] = bwipjs.raw("qrcode", code, `eclevel=${errorCorrection}`);
  if (matrix === undefined || !("pixs" in matrix)) throw new Error("a QR code has no matrix");
  const { pixs, pixx, pixy } = matrix;
  const bars: Bar[] = [];
  for (let y = 0; y < pixy; y++) {
    for (let x = 0; x < pixx; x++) {
      if (pixs[y * pixx + x] !== 1) continue;
      const from = x;
      while (x + 1 < pixx && pixs[y * pixx + x + 1] === 1) x++;
      bars.push({ x: from, y, width: x - from + 1, height: 1 });
    }
  }
  return { kind: "qr", width: pixx, height: pixy, quiet: 4, bars };
}

/** One module high: whoever draws it says how tall it is. */
function code128(code: string): CodeSymbol {
  const [lines] = bwipjs.raw("code128", code, "");
  if (lines === undefined || !("sbs" in lines)) throw new Error("a Code 128 has no lines");
  const bars: Bar[] = [];
  let at = 0;
  for (const [index, width] of lines.sbs.entries()) {
    if (index % 2 === 0) bars.push({ x: at, y: 0, width, height: 1 });
    at += width;
  }
  return { kind: "code128", width: at, height: 1, quiet: 10, bars };
}
