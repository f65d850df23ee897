/** The OpenAPI document, generated from the routes themselves. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "zod";
import { scopes } from "../http/environment.ts";

type Document = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;

const scopeMeanings: Readonly<Record<(typeof scopes)[number], string>> = {
  checkout: "validate, redeem, roll back, report orders and events, ask for offers",
  manage:
    "campaigns, vouchers, customers, and all that distributes: segments, workflows, channels, event subscriptions",
  analytics: "read lists and reports",
  review: "decide about flagged redemptions",
  import: "decide in the past: keep `at` and `occurred_at`",
  admin: "projects, members and keys",
};

const description = `Promotions and vouchers: validate a code at the checkout, redeem it at most once, and see what it brought.

- Money is an integer in minor units with an ISO 4217 currency; percents are basis points; instants are RFC 3339.
- Errors are RFC 9457 problem documents with a stable \`code\`; \`errors\` names each field by a JSON pointer.
- Lists take \`limit\` and \`cursor\` and answer \`{ data, next_cursor }\`.
- \`Idempotency-Key\` makes the retry of a POST safe: the same key and body get the same answer.

Keys carry scopes:

${scopes.map((scope) => `- \`${scope}\`: ${scopeMeanings[scope]}`).join("\n")}`;

const tags = [
  { name: "Redemption", description: "Qualify, validate, reserve, redeem, roll back" },
  { name: "Risk", description: "Rules and thresholds: what is flagged, held and refused" },
  { name: "Offers", description: "The best offers for a customer and a basket" },
  { name: "Reviews", description: "What is suspect waits for a person: decide, and take back" },
  { name: "Campaigns", description: "Containers with a budget, and the promotions in them" },
  { name: "Vouchers", description: "Codes, handed out and looked up one by one" },
  { name: "Voucher batches", description: "Up to 5,000,000 codes at once, made in the background" },
  { name: "Voucher imports", description: "Codes from files, with every bad row reported" },
  { name: "Voucher jobs", description: "Many vouchers changed at once, in the background" },
  { name: "Pools", description: "Codes to hand out as rewards, also a third party's" },
  { name: "Customers", description: "Who redeems" },
  { name: "Points", description: "Earned, spent, exchanged, expiring" },
  { name: "Segments", description: "Customers that rules may ask for, by a list or by what they are and do" },
  { name: "Clusters", description: "Accounts that share cards, devices, addresses or IPs" },
  { name: "Referrals", description: "Customers' own codes for their friends" },
  { name: "Publications", description: "A voucher handed to a customer, and what became of it" },
  { name: "Publication jobs", description: "A voucher for each of many customers, in the background" },
  { name: "Workflows", description: "What is done when something happens: versions, runs, trying out" },
  { name: "Channels", description: "Ways to reach a customer: e-mail, text message, messenger and more" },
  { name: "Templates", description: "What is said, in the customer's language" },
  { name: "Deliveries", description: "Each message to a customer, and what became of it" },
  { name: "Suppressions", description: "Addresses that are not written to" },
  { name: "Pop-ups", description: "Messages on the shop's own pages" },
  { name: "List exports", description: "Members and their codes, for marketing systems" },
  { name: "Event subscriptions", description: "Events as signed requests to other systems, and each attempt" },
  { name: "Orders", description: "What was bought" },
  { name: "Events", description: "What else customers did" },
  { name: "Imports", description: "Customers, orders, events and redemptions of before, from files" },
  { name: "Exports", description: "Marts of the warehouse as files" },
  { name: "Models", description: "What decides, how good and how fresh it is, and which version serves" },
  { name: "Keys and projects", description: "Who may call" },
  { name: "Members", description: "The people of a project, by role" },
  { name: "Audit log", description: "Who changed what, before and after" },
  { name: "Data health", description: "How far the warehouse can be trusted" },
  { name: "Operations", description: "Probes and metrics" },
];

/** @param app with every feature mounted. */
export function openApiDocument(app: Pick<OpenAPIHono, "getOpenAPI31Document">): Document {
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Tessera",
      version: "0.1.0",
      description,
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
    tags,
  });
  const securitySchemes = {
    ...document.components?.securitySchemes,
    key: { type: "http" as const, scheme: "bearer", description: "`Authorization: Bearer <key>`" },
  };
  const whole = {
    ...document,
    components: { ...document.components, securitySchemes },
    paths: withIds(document.paths),
  };
  return withNullableReferences(whole) as Document;
}

/**
 * The generator says of a component that may be null that it is all of the component and of an object or null: nothing
 * is both null and the component. It is any of the two.
 */
function withNullableReferences(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withNullableReferences);
  if (typeof node !== "object" || node === null) return node;
  const found = nullableReference.safeParse(node);
  if (found.success) {
    const { allOf, ...beside } = found.data;
    const { type: _, ...words } = allOf[1];
    return { anyOf: [allOf[0], { type: "null" }], ...words, ...beside };
  }
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, withNullableReferences(value)]));
}

const nullableReference = z.looseObject({
  allOf: z.tuple([
    z.strictObject({ $ref: z.string() }),
    z.looseObject({ type: z.tuple([z.literal("object"), z.literal("null")]) }),
  ]),
});

/** Client generators name their methods by these. */
function withIds(paths: Document["paths"]): NonNullable<Document["paths"]> {
  return Object.fromEntries(
    Object.entries(paths ?? {}).map(([path, item]) => [
      path,
      Object.fromEntries(
        Object.entries(item).map(([method, operation]) => [
          method,
          { operationId: operationId(method, path), ...(operation as object) },
        ]),
      ),
    ]),
  );
}

/** post /v1/campaigns/{id}/activate → postCampaignsIdActivate */
function operationId(method: string, path: string): string {
  const words = path.replace(/^\/v1/, "").split(/[^a-zA-Z0-9]+/);
  return method + words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("");
}
