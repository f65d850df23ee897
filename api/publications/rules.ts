/** What a campaign says of handing out its vouchers, whichever way they are handed out. */
import { sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { isInGlobalHoldout, isWithheld } from "../domain/holdout.ts";

const dayMs = 24 * 3600 * 1000;

export interface PublicationRules {
  readonly id: string;
  readonly type: DB["campaign"]["type"];
  readonly status: DB["campaign"]["status"];
  readonly template: DB["campaign"]["template"];
  readonly ends_at: Date | null;
  readonly voucher_lifetime_days: number | null;
  readonly auto_grow: unknown;
  readonly of_campaign: number;
  readonly of_project: number;
}

/** The campaign stays as it is until the transaction ends; its redemptions go on. Undefined: there is none. */
export async function holdPublicationRules(
  tx: Transaction<DB>,
  projectId: string,
  campaignId: string,
): Promise<PublicationRules | undefined> {
  const { rows } = await sql<PublicationRules>`
    select c.id, c.type, c.status, c.template, c.ends_at, c.voucher_lifetime_days, c.auto_grow,
           c.holdout_percent as of_campaign, p.holdout_percent as of_project
    from campaign c join project p on p.id = c.project_id
    where c.project_id = ${projectId} and c.id = ${campaignId}
    for share of c
  `.execute(tx);
  return rows[0];
}

/** Who is held out gets nothing of the campaign. A gift card is money, which nobody withholds. */
export function withholds(
  projectId: string,
  rules: Pick<PublicationRules, "id" | "of_campaign" | "of_project">,
  kind: DB["voucher"]["kind"],
  identifier: string,
): boolean {
  if (kind === "gift_card") return false;
  const customer = { identifier, inGlobalHoldout: isInGlobalHoldout(projectId, identifier, rules.of_project) };
  return isWithheld({ id: rules.id, holdoutPercent: rules.of_campaign }, customer);
}

/** The voucher's own end, or so many days after it was first handed out as the campaign says, whichever is earlier. */
export function endOfLife(
  { voucher_lifetime_days: days }: Pick<PublicationRules, "voucher_lifetime_days">,
  ownEnd: Date | null,
  publishedAt: Date,
): Date | null {
  if (days === null) return ownEnd;
  const end = new Date(publishedAt.getTime() + days * dayMs);
  return ownEnd !== null && ownEnd < end ? ownEnd : end;
}
