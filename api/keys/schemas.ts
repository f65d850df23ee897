import { z } from "@hono/zod-openapi";
import { scopes } from "../http/environment.ts";
import { instant, nameOf } from "../http/schemas.ts";
import type { KeyRow } from "./create-key.ts";

const scope = z.enum(scopes);

/** Scheme, host and port as browsers send them in Origin: no path, no trailing slash, lower case. */
const origin = z
  .string()
  .max(300)
  .refine(
    (text) => URL.canParse(text) && new URL(text).origin === text,
    "Expected an origin such as https://shop.example",
  )
  .openapi({ example: "https://shop.example" });

const name = nameOf(200);

export const keyBody = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("secret").optional(),
      name,
      scopes: z.array(scope).min(1).max(scopes.length),
      expires_at: instant.optional(),
    }),
    z.strictObject({
      kind: z.literal("publishable"),
      name,
      allowed_origins: z.array(origin).min(1).max(20),
      expires_at: instant.optional(),
    }),
  ])
  .openapi("NewKey", { example: { kind: "secret", name: "checkout of the web shop", scopes: ["checkout"] } });

export const rotateBody = z
  .strictObject({ grace_seconds: z.int().min(0).max(86_400).default(0) })
  .openapi("RotateKey", { example: { grace_seconds: 3600 } });

export const keyWire = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(["secret", "publishable"]),
    hint: z.string().openapi({ description: "The last characters of the text" }),
    scopes: z.array(scope),
    allowed_origins: z.array(z.string()),
    created_at: z.string(),
    expires_at: z.string().nullable(),
    revoked_at: z.string().nullable(),
    member_id: z.string().nullable().openapi({ description: "The person who signs in with it; null: a machine's key" }),
  })
  .openapi("Key");

export const createdKeyWire = keyWire
  .extend({
    key: z.string().nullable().openapi({ description: "The text, shown this once; null in a replayed answer" }),
  })
  .openapi("CreatedKey");

export function toKeyWire(row: KeyRow): z.output<typeof keyWire> {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    hint: row.hint,
    scopes: scopes.filter((known) => row.scopes.includes(known)),
    allowed_origins: row.allowed_origins,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
    member_id: row.member_id,
  };
}
