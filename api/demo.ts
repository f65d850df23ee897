/** The demo project of a first start: a key with every scope and a small campaign, so that a pasted request has an answer. */
import type { Kysely } from "kysely";
import { createCampaign } from "./campaigns/create.ts";
import { changeStatus } from "./campaigns/status.ts";
import type { DB } from "./db/tables.ts";
import { createProject } from "./projects/create-project.ts";
import { createVoucher } from "./vouchers/create.ts";

const projectName = "demo";
const welcomeCode = "WELCOME10";

/** Undefined: the project was there already. Else the text of its key, which nobody can read again. */
export async function ensureDemo(db: Kysely<DB>, apiKey: string | undefined): Promise<{ key: string } | undefined> {
  return db.transaction().execute(async (tx) => {
    const project = await createProject(tx, {
      name: projectName,
      ...(apiKey === undefined ? {} : { keyText: apiKey }),
    });
    if (!project) return undefined;
    const main = await createCampaign(tx, project.id, {
      type: "main",
      name: "Welcome",
      currency: "EUR",
      budget_amount: 1_000_000,
    });
    const sub = await createCampaign(tx, project.id, {
      type: "sub",
      parent_id: main.id,
      name: "10 % off the first basket over 20 EUR",
      currency: "EUR",
      limits: { per_customer: 1 },
      rules: { on: "order.amount", op: "greater_or_equal", value: 2_000 },
      rewards: [{ type: "order_discount", percent_bp: 1_000, max_amount: 5_000 }],
      customer_information: "10 % off your first order over 20 EUR, at most 50 EUR.",
    });
    await createVoucher(tx, project.id, sub.id, { code: welcomeCode, kind: "generic" });
    await changeStatus(tx, project.id, main.id, "activate");
    await changeStatus(tx, project.id, sub.id, "activate");
    return { key: project.key.text };
  });
}

/** A validation that takes nothing. @param key its text, or a shell variable that holds it. */
export function demoCurl(apiUrl: string, key: string): string {
  const body = {
    codes: [welcomeCode],
    customer: { identifier: "ada" },
    order: { currency: "EUR", items: [{ sku: "mug", quantity: 2, unit_amount: 1_500 }] },
  };
  return `curl -s ${apiUrl}/v1/validations -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d '${JSON.stringify(body)}'`;
}
