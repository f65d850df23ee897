/** What a row of each kind may say, in the words of the wire, and what is wrong with one that says something else. */
import { z } from "@hono/zod-openapi";
import { customerBody } from "../customers/schemas.ts";
import { normalizeCode } from "../domain/codes.ts";
import { eventReport } from "../events/schemas.ts";
import { amount, customerIdentifier, customerReference, externalId, occurrence, typedCode } from "../http/schemas.ts";
import { orderReport } from "../orders/schemas.ts";
import { orderRequiredId } from "../validations/order-schema.ts";

const customerRow = z.strictObject({ identifier: customerIdentifier, ...customerBody.shape });

const redeemedCode = z.strictObject({
  code: typedCode,
  discount_amount: amount,
  /** The part of it that was off the shipping. */
  shipping_discount_amount: amount.optional(),
});

const redemptionRow = z
  .strictObject({
    id: externalId.optional(),
    codes: z.array(redeemedCode).min(1).max(30),
    customer: customerReference.optional(),
    order: orderRequiredId,
    occurred_at: occurrence,
    source: z.enum(["api", "integration", "mobile", "console"]).default("api"),
  })
  .superRefine(({ codes }, context) => {
    const seen = new Set<string>();
    for (const [at, { code, discount_amount, shipping_discount_amount = 0 }] of codes.entries()) {
      const path = ["codes", at];
      const spelled = normalizeCode(code) ?? code;
      if (seen.has(spelled)) {
        context.addIssue({ code: "custom", path: [...path, "code"], message: "The code is given twice." });
      }
      seen.add(spelled);
      if (shipping_discount_amount > discount_amount) {
        const message = "It is a part of discount_amount, and cannot be more.";
        context.addIssue({ code: "custom", path: [...path, "shipping_discount_amount"], message });
      }
    }
  });

export const rowSchemas = {
  customers: customerRow,
  orders: orderReport,
  events: eventReport,
  redemptions: redemptionRow,
} as const;

export type Kind = keyof typeof rowSchemas;
export type RowOf<K extends Kind> = z.output<(typeof rowSchemas)[K]>;

export interface RowError {
  readonly line: number;
  /** The way into the row: "items/0/quantity"; empty when it is the row as a whole. */
  readonly field: string;
  readonly reason: string;
}

export interface StagedRow {
  readonly line: number;
  readonly content: string | null;
  readonly fault: string | null;
  /** Of an order that came as one line an item: the lines of its items. */
  readonly item_lines: readonly number[] | null;
}

export interface ReadRow<K extends Kind> {
  readonly line: number;
  readonly row: RowOf<K>;
  /** It came as one line an item. */
  readonly isFlat: boolean;
}

/** Good rows and bad ones, each in the order of the file. */
export function readStaged<K extends Kind>(
  kind: K,
  staged: readonly StagedRow[],
): { rows: ReadRow<K>[]; errors: RowError[] } {
  const rows: ReadRow<K>[] = [];
  const errors: RowError[] = [];
  for (const { line, content, fault, item_lines } of staged) {
    if (content === null) {
      errors.push({ line, field: "", reason: fault ?? "The line could not be read." });
      continue;
    }
    const parsed = rowSchemas[kind].safeParse(JSON.parse(content));
    if (parsed.success) rows.push({ line, row: parsed.data as RowOf<K>, isFlat: item_lines !== null });
    else errors.push(atItsLine(line, item_lines, firstFault(parsed.error)));
  }
  return { rows, errors };
}

function atItsLine(line: number, itemLines: readonly number[] | null, fault: Omit<RowError, "line">): RowError {
  const item = /^items\/(\d+)/.exec(fault.field)?.[1];
  return { line: (item === undefined ? undefined : itemLines?.[Number(item)]) ?? line, ...fault };
}

function firstFault(error: z.core.$ZodError): Omit<RowError, "line"> {
  const issue = error.issues[0];
  const path = (issue?.path ?? []).map(String);
  if (issue?.code === "unrecognized_keys") {
    return { field: [...path, issue.keys[0] ?? ""].join("/"), reason: "There is no such field." };
  }
  return { field: path.join("/"), reason: issue?.message ?? "The row is not valid." };
}

/** A shop's clock may be this much ahead of ours. */
const skewMs = 60_000;

/** When it happened; now when the row does not say; an error for the future. */
export function happenedAt(line: number, given: string | undefined, now: Date): Date | RowError {
  if (given === undefined) return now;
  const at = new Date(given);
  if (at.getTime() > now.getTime() + skewMs) {
    return { line, field: "occurred_at", reason: "The instant is in the future." };
  }
  return at > now ? now : at;
}
