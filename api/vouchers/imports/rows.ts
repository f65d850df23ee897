/** One row of an import: what it may say, and what is wrong with it. */
import { z } from "@hono/zod-openapi";
import type { DB } from "../../db/tables.ts";
import { normalizeCode } from "../../domain/codes.ts";
import { parseJsonOrText } from "../../http/json-body.ts";
import { customerIdentifier } from "../../http/schemas.ts";
import { checkWindow, newCode, newVoucherFields } from "../schemas.ts";
import { voucherShape } from "../shape.ts";

const importRow = z
  .strictObject({ ...newVoucherFields, code: newCode, customer_identifier: customerIdentifier.optional() })
  .superRefine(checkWindow);

/** What a CSV file may name in its first line. */
export const importColumns = Object.keys(importRow.shape);

/** Numbers and the metadata (JSON) of a CSV row. What cannot be read stays a text, and the schema names the field. */
export function readCsvFields(content: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(content).map(([field, value]) => {
      if (field === "metadata") return [field, parseJsonOrText(String(value))];
      if (field !== "redemptions_max" && field !== "balance_amount") return [field, value];
      return [field, /^\d{1,15}$/.test(String(value)) ? Number(value) : value];
    }),
  );
}

export interface ImportedVoucher {
  readonly line: number;
  readonly code: string;
  readonly kind: DB["voucher"]["kind"];
  readonly redemptions_max: number | null;
  readonly balance_amount: number | null;
  readonly customer: string | null;
  readonly starts_at: string | null;
  readonly expires_at: string | null;
  readonly metadata: object;
}

export interface RowError {
  readonly line: number;
  readonly field: string;
  readonly reason: string;
}

export function readVoucherRow(
  line: number,
  content: unknown,
  template: DB["campaign"]["template"],
): ImportedVoucher | RowError {
  const parsed = importRow.safeParse(content);
  if (!parsed.success) return { line, ...firstFault(parsed.error) };
  const row = parsed.data;
  const shape = voucherShape(template, row);
  if ("field" in shape) return { line, ...shape };
  return {
    line,
    ...shape,
    code: normalizeCode(row.code) ?? row.code,
    customer: row.customer_identifier ?? null,
    starts_at: row.starts_at ?? null,
    expires_at: row.expires_at ?? null,
    metadata: row.metadata ?? {},
  };
}

function firstFault(error: z.ZodError): { field: string; reason: string } {
  const issue = error.issues[0];
  if (issue?.code === "unrecognized_keys") return { field: issue.keys[0] ?? "", reason: "There is no such field." };
  return { field: String(issue?.path[0] ?? ""), reason: issue?.message ?? "The row is not valid." };
}
