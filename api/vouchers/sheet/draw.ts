/** Draws labels onto pages: a symbol that a scanner reads, and beside it what a person reads. */
import PDFDocument from "pdfkit";
import type { SheetLayout } from "./schemas.ts";
import { type CodeSymbol, symbolOf } from "./symbol.ts";
import { fontOf, printable, registerFonts } from "./text.ts";

export interface Label {
  readonly code: string;
  readonly campaign: string;
  /** "Valid until …", or nothing. */
  readonly validity: string | null;
  readonly information: string | null;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Points, 72 an inch. */
const pageMargin = 24;
const padding = 6;
const gap = 6;
/** 0.19 mm (7.5 mil): what hand-held scanners and phones read at arm's length. */
const barWidthMin = (0.19 / 25.4) * 72;
const barHeightMax = 60;

/** Nothing is drawn yet. Pages leave it as they fill. */
export function newSheet(layout: SheetLayout, title: string, createdAt: Date): PDFKit.PDFDocument {
  const doc = new PDFDocument({
    size: layout.page_size === "a4" ? "A4" : "LETTER",
    // Margins would break pages where we do not.
    margin: 0,
    autoFirstPage: false,
    info: { Title: printable(title), Creator: "Tessera", Producer: "Tessera", CreationDate: createdAt },
  });
  registerFonts(doc);
  return doc;
}

/** @param position of the label in the file, from 0: begins a page where the one before is full. */
export function drawLabel(doc: PDFKit.PDFDocument, layout: SheetLayout, position: number, label: Label): void {
  const place = position % (layout.columns * layout.rows);
  if (place === 0) doc.addPage();
  const width = (doc.page.width - 2 * pageMargin) / layout.columns;
  const height = (doc.page.height - 2 * pageMargin) / layout.rows;
  const box = {
    x: pageMargin + (place % layout.columns) * width,
    y: pageMargin + Math.floor(place / layout.columns) * height,
    width,
    height,
  };
  doc.save().lineWidth(0.4).dash(2, { space: 2 }).strokeColor("#999999");
  doc.rect(box.x, box.y, box.width, box.height).stroke().restore();
  drawContent(doc, layout, label, {
    x: box.x + padding,
    y: box.y + padding,
    width: box.width - 2 * padding,
    height: box.height - 2 * padding,
  });
}

function drawContent(doc: PDFKit.PDFDocument, layout: SheetLayout, label: Label, inner: Box): void {
  const lines = layout.symbol === "code128" ? symbolOf(label.code, "code128") : undefined;
  const barWidth = lines === undefined ? 0 : inner.width / (lines.width + 2 * lines.quiet);
  if (lines !== undefined && barWidth >= barWidthMin) {
    const height = Math.min(barHeightMax, inner.height * 0.42);
    drawSymbol(doc, lines, { ...inner, height }, barWidth, height);
    drawTexts(doc, label, { ...inner, y: inner.y + height + 3, height: inner.height - height - 3 });
    return;
  }
  const qr = symbolOf(label.code, "qr");
  const side = Math.min(inner.height, inner.width * 0.45);
  const moduleSize = side / (qr.width + 2 * qr.quiet);
  const top = inner.y + (inner.height - side) / 2;
  drawSymbol(doc, qr, { x: inner.x, y: top, width: side, height: side }, moduleSize, moduleSize);
  drawTexts(doc, label, { ...inner, x: inner.x + side + gap, width: inner.width - side - gap });
}

/** One path: parts that touch are filled as one, without the fine light lines between them. */
function drawSymbol(doc: PDFKit.PDFDocument, symbol: CodeSymbol, box: Box, unitX: number, unitY: number): void {
  const quietY = symbol.kind === "qr" ? symbol.quiet : 0;
  for (const bar of symbol.bars) {
    const x = box.x + (symbol.quiet + bar.x) * unitX;
    const y = box.y + (quietY + bar.y) * unitY;
    doc.rect(x, y, bar.width * unitX, bar.height * unitY);
  }
  doc.fill("#000000");
}

function drawTexts(doc: PDFKit.PDFDocument, label: Label, box: Box): void {
  let { y } = box;
  const line = (given: string | null, size: number, colour: string, linesMax: number): void => {
    const text = given === null ? "" : printable(given);
    const lineHeight = size * 1.25;
    const lines = Math.min(linesMax, Math.floor((box.y + box.height - y) / lineHeight));
    if (text === "" || lines < 1) return;
    doc.font(fontOf(text)).fontSize(size).fillColor(colour);
    const height = lines * lineHeight;
    doc.text(unbroken(doc, text, box.width), box.x, y, { width: box.width, height, ellipsis: true, lineGap: 0 });
    y = Math.min(doc.y, y + height) + 1;
  };
  line(label.campaign, 7, "#333333", 2);
  drawCode(doc, label.code, { ...box, y }, (height) => {
    y += height + 2;
  });
  line(label.validity, 6.5, "#333333", 2);
  line(label.information, 6, "#555555", 20);
}

/** Right-to-left letters are turned around word by word, which loses the blanks between: a text that fits is one word. */
function unbroken(doc: PDFKit.PDFDocument, text: string, width: number): string {
  if (!/[\p{Script=Hebrew}\p{Script=Arabic}]/u.test(text)) return text;
  const whole = text.replaceAll(" ", "\u00a0");
  return doc.widthOfString(whole) < width ? whole : text;
}

/** As large as it fits on one line: it is what is typed when a scanner fails. Never cut: a part of it is worth nothing. */
function drawCode(doc: PDFKit.PDFDocument, code: string, box: Box, drawn: (height: number) => void): void {
  doc.font("Helvetica-Bold").fontSize(10);
  const size = Math.min(10, (10 * (box.width - 1)) / doc.widthOfString(code));
  doc.fontSize(size).fillColor("#000000").text(code, box.x, box.y, { lineBreak: false });
  drawn(size * 1.2);
}
