import { z } from "@hono/zod-openapi";
import { scopes } from "../http/environment.ts";
import { nameOf } from "../http/schemas.ts";
import { roles } from "./roles.ts";

const name = nameOf(100);
const email = z.email("Expected an e-mail address").max(200);
const role = z.enum(roles).openapi({
  description:
    "What the member's key may do. owner: every scope; manager: checkout, manage, analytics, import; cashier: checkout; analyst: analytics; reviewer: review.",
});

export const memberBody = z
  .strictObject({ name, email: email.nullable().optional(), role })
  .openapi("NewMember", { example: { name: "Ada Lovelace", email: "ada@shop.example", role: "manager" } });

export const memberPatch = z
  .strictObject({ name: name.optional(), email: email.nullable().optional(), role: role.optional() })
  .openapi("MemberPatch", { example: { role: "analyst" } });

export type NewMember = z.output<typeof memberBody>;
export type MemberChange = z.output<typeof memberPatch>;

export const memberWire = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string().nullable(),
    role,
    scopes: z.array(z.enum(scopes)),
    key: z
      .object({
        id: z.string(),
        hint: z.string().openapi({ description: "The last characters of the text" }),
        created_at: z.string(),
      })
      .openapi({ description: "The key the member signs in with now" }),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("Member");

export const memberWithKeyWire = memberWire
  .extend({
    key: memberWire.shape.key.extend({
      text: z.string().nullable().openapi({ description: "Shown this once; null in a replayed answer" }),
    }),
  })
  .openapi("MemberWithKey");

export type MemberWire = z.output<typeof memberWire>;
export type MemberWithKeyWire = z.output<typeof memberWithKeyWire>;
