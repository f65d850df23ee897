/** The Complete Journey files as typed rows. Read as streams: the full transactions table has 1.5 million lines. */
import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { parse } from "csv-parse";
import { z } from "zod";

const id = z.string().min(1).max(60);
const day = z.iso.date();
/** An empty cell is a missing value. */
const band = z.string().transform((text) => (text === "" ? null : text));
/** Up to two decimals, but for the binary noise of one line (4.440892e-16). */
const dollars = z.coerce.number().min(0).max(1_000_000);

const rows = {
  campaign_descriptions: z.object({
    campaign_id: id,
    campaign_type: z.enum(["Type A", "Type B", "Type C"]),
    start_date: day,
    end_date: day,
  }),
  campaigns: z.object({ campaign_id: id, household_id: id }),
  coupons: z.object({ coupon_upc: id, product_id: id, campaign_id: id }),
  coupon_redemptions: z.object({ household_id: id, coupon_upc: id, campaign_id: id, redemption_date: day }),
  demographics: z.object({
    household_id: id,
    age: band,
    income: band,
    home_ownership: band,
    marital_status: band,
    household_size: band,
    household_comp: band,
    kids_count: band,
  }),
  products: z.object({
    product_id: id,
    department: band,
    brand: band,
    product_category: band,
    product_type: band,
  }),
  transactions_sample: z.object({
    household_id: id,
    store_id: id,
    basket_id: id,
    product_id: id,
    quantity: z.coerce.number().int().min(0),
    sales_value: dollars,
    transaction_timestamp: z.iso.datetime({ local: true }),
  }),
} as const;

export type Table = keyof typeof rows;
export type Row<T extends Table> = z.infer<(typeof rows)[T]>;

/** The data is not there, or not what it should be. The message is for the person who typed the command. */
export class SourceError extends Error {}

function fileOf(folder: string, table: Table): string {
  return join(folder, `${table}.csv.gz`);
}

/** @throws SourceError naming the files that are missing. */
export async function checkSource(folder: string): Promise<void> {
  const missing: string[] = [];
  for (const table of Object.keys(rows) as Table[]) {
    await access(fileOf(folder, table)).catch(() => missing.push(`${table}.csv.gz`));
  }
  if (missing.length > 0) throw new SourceError(`${folder} lacks ${missing.join(", ")}`);
}

/** Rows in file order. @throws SourceError with file, line and column of the first row that does not parse. */
export async function* readTable<T extends Table>(folder: string, table: T): AsyncGenerator<Row<T>> {
  const file = fileOf(folder, table);
  const parser = parse({ columns: true, bom: true });
  // The callback is required; a failure of any stage also destroys the parser, which ends the loop below with it.
  pipeline(createReadStream(file), createGunzip(), parser, () => undefined);
  const schema: z.ZodType = rows[table];
  let line = 1;
  try {
    for await (const record of parser as AsyncIterable<unknown>) {
      line += 1;
      yield schema.parse(record) as Row<T>;
    }
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const what = issue ? `${issue.path.join(".")}: ${issue.message}` : String(error);
    throw new SourceError(`${file}, line ${line}: ${what}`, { cause: error });
  }
}
