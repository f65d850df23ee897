/** Puts together what is said to a customer from what is known at this moment. */
import type { Kysely } from "kysely";
import type { ChannelAdapter, OutgoingMessage } from "../channels/adapter.ts";
import type { CustomerRow } from "../customers/find.ts";
import type { DB } from "../db/tables.ts";
import { variablesOf } from "../templates/catalogue.ts";
import { findTexts } from "../templates/find.ts";
import { renderMessage } from "../templates/render.ts";
import { type DeliveryRow, findPublished, findTemplateEver } from "./queries.ts";

export type Composed =
  | { readonly outcome: "composed"; readonly message: OutgoingMessage }
  | {
      readonly outcome: "failed";
      readonly reason: "template_gone" | "template_failed" | "voucher_returned";
      readonly detail: string | null;
    };

export async function composeMessage(
  db: Kysely<DB>,
  delivery: DeliveryRow,
  given: {
    readonly adapter: ChannelAdapter;
    readonly customer: CustomerRow;
    readonly address: string;
    readonly unsubscribeUrl: string | null;
  },
): Promise<Composed> {
  const { project_id: projectId } = delivery;
  const template = await findTemplateEver(db, projectId, delivery.template_id);
  const languages = await findTexts(db, projectId, delivery.template_id, delivery.template_version);
  if (template === undefined || languages === undefined) {
    return { outcome: "failed", reason: "template_gone", detail: null };
  }
  const published =
    delivery.publication_id === null ? undefined : await findPublished(db, projectId, delivery.publication_id);
  // Another message that was to bring it failed, and the code may be somebody else's by now.
  if (published?.returned_at != null) return { outcome: "failed", reason: "voucher_returned", detail: null };
  const { customer, unsubscribeUrl } = given;
  const variables = variablesOf({ customer, published, given: delivery.variables, unsubscribeUrl });
  const wanted = customer.attributes.language;
  const rendered = renderMessage({ languages, language: template.language }, given.adapter.parts, variables, {
    wanted: typeof wanted === "string" ? wanted : null,
    timeZone: published?.time_zone ?? "UTC",
  });
  if (rendered.outcome === "failed") {
    return { outcome: "failed", reason: "template_failed", detail: rendered.variable };
  }
  return {
    outcome: "composed",
    message: {
      deliveryId: delivery.id,
      address: given.address,
      customer: { id: customer.id, identifier: customer.identifier },
      parts: rendered.parts,
      language: rendered.language,
      purpose: delivery.purpose,
      unsubscribeUrl,
      variables,
      publicationId: delivery.publication_id,
      workflowRunId: delivery.workflow_run_id,
      campaignId: delivery.campaign_id,
    },
  };
}
