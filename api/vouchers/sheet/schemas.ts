/** What may be asked of a sheet of labels. */
import { z } from "@hono/zod-openapi";
import { typedCode } from "../../http/schemas.ts";

/** Codes in one file: a printer's patience, and some seconds of ours. */
export const codesPerPart = 5_000;
/** As many as fit in a body. */
const chosenMax = 2_000;

const symbol = z.enum(["qr", "code128"]).default("qr").openapi({
  description:
    "A code whose Code 128 would be too narrow for a scanner on a label of this size is printed as a QR code.",
});
const pageSize = z.enum(["a4", "letter"]).default("a4");
const columnsMax = 6;
const rowsMax = 12;

function whole(max: number, fallback: number) {
  return z
    .string()
    .regex(/^[1-9]\d{0,3}$/, `Expected a whole number from 1 to ${max}`)
    .transform(Number)
    .pipe(z.int().min(1).max(max))
    .default(fallback)
    .openapi({ type: "integer", minimum: 1, maximum: max, default: fallback });
}

export const sheetQuery = z.strictObject({
  symbol,
  page_size: pageSize,
  columns: whole(columnsMax, 3),
  rows: whole(rowsMax, 8),
  part: whole(1_000, 1).openapi({
    description: `Of a batch of more than ${codesPerPart} vouchers: which of its parts, from 1. \`Link\` names the next.`,
  }),
});

export const sheetBody = z
  .strictObject({
    codes: z.array(typedCode).min(1).max(chosenMax),
    symbol,
    page_size: pageSize,
    columns: z.int().min(1).max(columnsMax).default(3),
    rows: z.int().min(1).max(rowsMax).default(8),
  })
  .openapi("VoucherSheet", { example: { codes: ["SALE10", "SALE20"], symbol: "qr" } });

/** How a sheet is laid out. */
export interface SheetLayout {
  readonly symbol: "qr" | "code128";
  readonly page_size: "a4" | "letter";
  readonly columns: number;
  readonly rows: number;
}
