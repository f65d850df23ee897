/** What a job tells, in words. */
import type { JobWire } from "../../publications/jobs/schemas.ts";
import { count } from "../format.tsx";

export const list = { to: "/console/publications", name: "Publications" };
export const jobAddress = (id: string) => `${list.to}/${encodeURIComponent(id)}`;

export const skippedOf = ({ skipped }: JobWire) => Object.values(skipped).reduce((sum, many) => sum + many, 0);

const reasons: Readonly<Record<string, string>> = {
  in_holdout: "held out",
  customer_blocked: "blocked",
  customer_gone: "erased",
};

/** "12 held out, 1 blocked". */
export function skippedWords({ skipped }: JobWire): string {
  const parts = Object.entries(skipped).map(([reason, many]) => `${count(many)} ${reasonWords(reason)}`);
  return parts.length === 0 ? "–" : parts.join(", ");
}

function reasonWords(reason: string): string {
  return reasons[reason] ?? reason.replaceAll("_", " ");
}

const errors: Readonly<Record<string, string>> = {
  out_of_stock: "Nothing is left to hand out. Add vouchers to the campaign, and let it go on.",
  campaign_archived: "The campaign is archived.",
  campaign_ended: "The campaign has ended. Give it a later end, and let it go on.",
  campaign_unknown: "The campaign is not there.",
  segment_unknown: "The segment was deleted. Order one to another segment.",
  segment_too_large: "The segment has more than 1,000,000 members. Order one to a smaller segment.",
  internal: "It failed ten times in a row; the log of the service says why. When that is gone, let it go on.",
};

export function errorWords(error: string): string {
  return errors[error] ?? error.replaceAll("_", " ");
}
