/** A file, or lines that were pasted instead of one, out of a form. */
import type { Context } from "hono";
import { invalid } from "../../http/problem.ts";
import type { RowFormat } from "../../http/row-stream.ts";
import type { ConsoleEnv, Form } from "../viewer.ts";
import { textOf } from "./sheet.ts";

/** Larger files go over the API, which reads them while they arrive. */
export const uploadBytesMax = 16 * 1024 * 1024;
const pastedMax = 500_000;
/** A row has more than 16 bytes, or the file is something else. */
const linesMax = 1_000_000;

export interface UploadedRows {
  readonly body: ReadableStream<Uint8Array>;
  readonly format: RowFormat;
}

/**
 * @param form as `readForm` gave it, which has checked that it is ours; the files are still in the request.
 * @param lines the field with pasted values, one on a line, which become rows with the one column.
 * @throws Problem 400 when there is neither, or both, or more than a form may bring.
 */
export async function uploadOf(
  c: Context<ConsoleEnv>,
  form: Form,
  { lines, column }: { readonly lines: string; readonly column: string },
): Promise<UploadedRows> {
  const { file } = await c.req.parseBody({ all: true });
  const chosen = file instanceof File && file.size > 0 ? file : undefined;
  const pasted = textOf(form, lines);
  if (chosen && pasted !== undefined) throw invalid("/file", "Send a file or pasted lines, not both.");
  if (chosen && (await hasMoreLines(chosen, linesMax))) {
    throw invalid("/file", "The file has more than 1,000,000 lines. Send it over the API.");
  }
  if (chosen) return { body: chosen.stream(), format: /\.(ndjson|jsonl)$/i.test(chosen.name) ? "ndjson" : "csv" };
  if (pasted === undefined) throw invalid("/file", "Choose a file, or paste lines beside it.");
  if (pasted.length > pastedMax) {
    throw invalid(`/${lines}`, "More than 500,000 characters were pasted. Send them as a file.");
  }
  const rows = pasted.split("\n").filter((line) => line.trim() !== "");
  const text = rows.map((line) => `${JSON.stringify({ [column]: line.trim() })}\n`).join("");
  return { body: new Blob([text]).stream(), format: "ndjson" };
}

/** Whether a file was chosen, or lines were pasted. */
export async function hasUpload(c: Context<ConsoleEnv>, form: Form, lines: string): Promise<boolean> {
  if (textOf(form, lines) !== undefined) return true;
  const { file } = await c.req.parseBody({ all: true });
  return file instanceof File && file.size > 0;
}

/** Before a row of it goes anywhere. */
async function hasMoreLines(file: File, max: number): Promise<boolean> {
  let lines = 0;
  for await (const piece of file.stream()) {
    for (let end = piece.indexOf(10); end >= 0 && lines <= max; end = piece.indexOf(10, end + 1)) lines += 1;
  }
  return lines > max;
}
