/** Sends a file part by part, follows each job to its end, and gathers the bad rows. */
import { createHash, randomUUID } from "node:crypto";
import { realpath, stat } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { type Arguments, mediaTypes } from "./arguments.ts";
import { ErrorsFile } from "./errors-file.ts";
import { type Part, type PartLimits, type Plan, planParts } from "./parts.ts";
import type { Job, Service } from "./service.ts";

export interface Progress {
  /** Bytes of this part that were sent. */
  uploading(part: number, parts: number, bytes: number, total: number): void;
  /** Rows of this part that were looked at. */
  working(part: number, parts: number, rows: number, total: number): void;
}

export interface Result {
  readonly rows: number;
  readonly imported: number;
  readonly unchanged: number;
  readonly failed: number;
  /** Why a part failed as a whole. */
  readonly error: string | null;
  readonly errorsFile: string | null;
}

/** Below what the API takes: 512 MiB and 5,000,000 rows. */
const apiLimits: PartLimits = { bytesMax: 500 * 1024 * 1024, linesMax: 4_900_000 };
const pollMs = 500;
/** A job that failed is not what the same file gets for ever. */
const generationsMax = 20;

export async function run(
  service: Service,
  args: Arguments,
  progress: Progress,
  signal: AbortSignal,
  limits: PartLimits = apiLimits,
): Promise<Result> {
  const plan = await planParts(args.file, args.format, limits);
  const errors = new ErrorsFile(args.errorsFile);
  const name = args.again ? randomUUID() : await nameOf(args);
  const total = { rows: 0, imported: 0, unchanged: 0, failed: 0 };
  try {
    for (const [at, part] of plan.parts.entries()) {
      const job = await importPart({ service, args, plan, part, at, name, progress, signal });
      total.rows += job.rows_read;
      total.imported += job.imported;
      total.unchanged += job.unchanged;
      total.failed += job.failed;
      if (job.failed > 0) {
        // A part after the first begins with the header, which is line 1 of the file.
        const shift = part.linesBefore - (at > 0 && plan.header.length > 0 ? 1 : 0);
        await errors.add(await service.errors(job.id, errors.mediaType), shift);
      }
      if (job.status === "failed") return { ...total, error: job.error, errorsFile: written(total.failed, errors) };
    }
    return { ...total, error: null, errorsFile: written(total.failed, errors) };
  } finally {
    await errors.close();
  }
}

function written(failed: number, errors: ErrorsFile): string | null {
  return failed > 0 ? errors.path : null;
}

/** The same for the same file: a run that broke off finds the job that it began. */
async function nameOf({ kind, file }: Arguments): Promise<string> {
  const { size, mtimeMs } = await stat(file);
  const text = [kind, await realpath(file), size, mtimeMs].join("\0");
  return createHash("sha256").update(text).digest("hex").slice(0, 40);
}

interface PartRun {
  readonly service: Service;
  readonly args: Arguments;
  readonly plan: Plan;
  readonly part: Part;
  readonly at: number;
  readonly name: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

async function importPart({ service, args, plan, part, at, name, progress, signal }: PartRun): Promise<Job> {
  const header = at > 0 ? plan.header : Buffer.alloc(0);
  const bytes = header.length + part.end - part.start;
  const parts = plan.parts.length;
  for (let generation = 1; ; generation += 1) {
    const { id } = await service.upload({
      kind: args.kind,
      mediaType: mediaTypes[args.format],
      idempotencyKey: `import ${name} ${part.start}-${part.end} ${generation}`,
      path: args.file,
      ...part,
      header,
      onProgress: (sent) => progress.uploading(at + 1, parts, sent, bytes),
    });
    // A repeated key is answered with the job as it was when it began.
    const before = await service.job(id);
    if (before.status === "failed" && generation < generationsMax) continue;
    return follow(service, before, (job) => progress.working(at + 1, parts, looked(job), job.rows_read), signal);
  }
}

function looked({ imported, unchanged, failed }: Job): number {
  return imported + unchanged + failed;
}

async function follow(service: Service, job: Job, tell: (job: Job) => void, signal: AbortSignal): Promise<Job> {
  for (let now = job; ; now = await service.job(job.id)) {
    tell(now);
    if (now.status === "done" || now.status === "failed") return now;
    await wait(pollMs, undefined, { signal });
  }
}
