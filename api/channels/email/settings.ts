import { z } from "@hono/zod-openapi";
import { canonicalAddress } from "../../suppressions/address.ts";

const emailAddress = z
  .string()
  .max(254)
  .refine((text) => canonicalAddress("email", text) !== undefined, "Expected an e-mail address");
/** In a header: no line ends, and nothing that mail programs show as another sender. */
const displayName = z
  .string()
  .max(100)
  .refine((text) => !/[\p{Cc}<>"@\\]/u.test(text), 'Expected no control characters and none of <>"@\\');

export const emailSettings = z.strictObject({
  host: z.string().min(1).max(253).openapi({ example: "smtp.example.com" }),
  port: z.int().min(1).max(65_535).default(587),
  /** `none` is refused outside of the operator's own networks. */
  security: z.enum(["tls", "starttls", "none"]).default("starttls"),
  from: z.strictObject({ name: displayName.default(""), email: emailAddress }),
  reply_to: emailAddress.optional(),
  connections_max: z.int().min(1).max(20).default(2),
});
export type EmailSettings = z.output<typeof emailSettings>;

export const emailCredentials = z
  .strictObject({ username: z.string().min(1).max(500), password: z.string().min(1).max(2_000) })
  .nullable();
export type EmailCredentials = z.output<typeof emailCredentials>;
