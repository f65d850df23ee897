/** List exports on the wire. */
import { z } from "@hono/zod-openapi";
import { resourceId } from "../http/schemas.ts";
import type { ExportRow } from "./queries.ts";

export const plainColumns = [
  "identifier",
  "name",
  "email",
  "phone",
  "birthday",
  "code",
  "code_expires_at",
  "entered_at",
];

const column = z
  .string()
  .max(120)
  .refine((text) => plainColumns.includes(text) || /^attributes\.[^.]{1,100}$/.test(text), {
    error: `Expected one of ${plainColumns.join(", ")}, or attributes.<name>`,
  });

const target = z.union([
  z.literal("file"),
  z.strictObject({ url: z.string().min(1).max(2_000), method: z.enum(["PUT", "POST"]).default("PUT") }),
]);

export const exportBody = z
  .strictObject({
    segment_id: resourceId.optional().openapi({ description: "Its members; or publication_job_id" }),
    publication_job_id: resourceId.optional().openapi({ description: "Whom it was to publish to, with their codes" }),
    campaign_id: resourceId
      .optional()
      .openapi({ description: "With segment_id: whose newest code of each member `code` is" }),
    columns: z
      .array(column)
      .min(1)
      .max(50)
      .refine((names) => new Set(names).size === names.length, "Expected each column once")
      .openapi({ example: ["identifier", "email", "code"] }),
    consent: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .openapi({ description: "Only customers whose consent to this channel is true", example: "email" }),
    to: target.default("file").openapi({ description: "`file`: to be fetched. A URL: sent there as well" }),
  })
  .openapi("CreateListExport", {
    example: {
      segment_id: "seg_01jz8q6k3nf5vbe5n2yq0x4t7d",
      columns: ["identifier", "email", "attributes.size"],
      consent: "email",
    },
  });

export const exportWire = z
  .object({
    id: z.string(),
    segment_id: z.string().nullable(),
    publication_job_id: z.string().nullable(),
    campaign_id: z.string().nullable(),
    columns: z.array(z.string()),
    consent: z.string().nullable(),
    to: z.union([z.literal("file"), z.object({ origin: z.string(), method: z.enum(["PUT", "POST"]) })]),
    status: z.enum(["queued", "writing", "sending", "done", "failed"]),
    reason: z.string().nullable(),
    rows: z.int().min(0).openapi({ description: "Written so far" }),
    bytes: z.int().min(0).nullable(),
    tries: z.int().min(0),
    file: z
      .string()
      .nullable()
      .openapi({ description: "Where it is fetched, for 7 days; and its name in the folder list-exports" }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    finished_at: z.iso.datetime().nullable(),
  })
  .openapi("ListExport");

export function toExportWire(row: ExportRow): z.infer<typeof exportWire> {
  const hasFile = row.bytes_count !== null && row.file_deleted_at === null;
  return {
    id: row.id,
    segment_id: row.segment_id,
    publication_job_id: row.publication_job_id,
    campaign_id: row.campaign_id,
    columns: row.columns,
    consent: row.consent,
    to: row.url_origin === null ? "file" : { origin: row.url_origin, method: row.method ?? "PUT" },
    status: row.status,
    reason: row.reason,
    rows: row.rows_count,
    bytes: row.bytes_count,
    tries: row.tries,
    file: hasFile ? `/v1/list-exports/${row.id}/file` : null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    finished_at: row.finished_at?.toISOString() ?? null,
  };
}
