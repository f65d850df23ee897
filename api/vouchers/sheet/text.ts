/** Texts on labels: in a font that has their letters, and as long as there is room. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Built into every PDF viewer, and so nothing that a file has to carry. */
const plainFont = "Helvetica";
/** Latin, Greek, Cyrillic, Hebrew, Arabic, Georgian, Armenian. What it has not either shows as an empty box. */
const wideFont = "DejaVu";

const textMax = 400;

/** What the built-in fonts can write, with the punctuation of WinAnsiEncoding. */
const plain = /^[\x20-\x7e\u00a0-\u00ff\u20ac\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026]*$/;

/** One line without what is no letter or turns the letters around it. */
export function printable(text: string): string {
  return text
    .replace(/\s+/gu, " ")
    .replace(/[\p{Cc}\p{Cs}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]/gu, "")
    .trim()
    .slice(0, textMax);
}

export function fontOf(text: string): typeof plainFont | typeof wideFont {
  return plain.test(text) ? plainFont : wideFont;
}

let loaded: Buffer | undefined;

/** Read once a process, when the first sheet is made; a file holds only the letters that it uses. */
export function registerFonts(doc: PDFKit.PDFDocument): void {
  loaded ??= readFileSync(join(import.meta.dirname, "fonts", "DejaVuSans.ttf"));
  doc.registerFont(wideFont, loaded);
}
