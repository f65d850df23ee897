/** The reviewers' queue as the API shows it, and a reviewer who knows the truth. */

import { ApiError, type Call } from "../replay/client.ts";
import { eachLimited } from "../replay/concurrency.ts";

export interface Listed {
  readonly id: string;
  readonly subject: string;
  readonly origin: "request" | "late";
}

const pageSize = 100;

/** All reviews of the project, in any status. */
export async function readQueue(call: Call): Promise<Listed[]> {
  const listed: Listed[] = [];
  let cursor: unknown = "";
  while (typeof cursor === "string") {
    const page = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await call({ method: "GET", path: `/v1/reviews?sort=age&limit=${pageSize}${page}` });
    const data = body.data as { id: string; subject: { id: string }; origin: string }[];
    for (const { id, subject, origin } of data) {
      listed.push({ id, subject: subject.id, origin: origin === "request" ? "request" : "late" });
    }
    cursor = body.next_cursor;
  }
  return listed;
}

export interface Reviewed {
  readonly confirmed: number;
  readonly dismissed: number;
  /** Minor units by currency that confirming took back, as the service reports it. */
  readonly metrics: unknown;
}

/** Confirms what is fraud, with what it took; dismisses the rest. Labels, as a season of careful reviewers would give. */
export async function decideQueue(
  call: Call,
  queue: readonly Listed[],
  fraudulent: ReadonlySet<string>,
  concurrency: number,
): Promise<Reviewed> {
  let confirmed = 0;
  let dismissed = 0;
  await eachLimited(queue, concurrency, async ({ id, subject }) => {
    const isFraud = fraudulent.has(subject);
    const body = isFraud ? { decision: "confirm", claw_back: "this" } : { decision: "dismiss" };
    const answer = await call({ method: "POST", path: `/v1/reviews/${id}/decision`, body });
    // Decided by somebody else in the meantime: theirs stands.
    if (answer.status >= 300 && answer.status !== 409) {
      throw new ApiError(`POST /v1/reviews/${id}/decision: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    if (answer.status === 409) return;
    if (isFraud) confirmed += 1;
    else dismissed += 1;
  });
  const { body } = await call({ method: "GET", path: "/v1/reviews/metrics?days=1" });
  return { confirmed, dismissed, metrics: body };
}
