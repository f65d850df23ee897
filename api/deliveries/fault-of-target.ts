import type { Kysely } from "kysely";
import { findChannel } from "../channels/find.ts";
import type { DB } from "../db/tables.ts";
import { findTemplate } from "../templates/find.ts";

/** Why nothing can be delivered by this channel with this template; undefined when it can. For who stores the two. */
export async function faultOfTarget(
  db: Kysely<DB>,
  projectId: string,
  target: { readonly channelId: string; readonly templateId: string },
): Promise<{ readonly field: "channel_id" | "template_id"; readonly detail: string } | undefined> {
  const channel = await findChannel(db, projectId, target.channelId);
  if (channel === undefined) return { field: "channel_id", detail: "There is no such channel." };
  const template = await findTemplate(db, projectId, target.templateId);
  if (template === undefined) return { field: "template_id", detail: "There is no such template." };
  if (template.kind === channel.kind) return undefined;
  return { field: "template_id", detail: `The template is for ${template.kind}, the channel is ${channel.kind}.` };
}
