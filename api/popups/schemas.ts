/** Pop-ups on the wire. */
import { z } from "@hono/zod-openapi";
import { customerReference, instant, resourceId } from "../http/schemas.ts";

export const tokenBody = z
  .strictObject({
    customer: customerReference,
    ttl_seconds: z.int().min(60).max(86_400).optional().openapi({ description: "Default: 3600." }),
  })
  .openapi("NewPopupToken", { example: { customer: { identifier: "customer-1" }, ttl_seconds: 3600 } });

export const tokenWire = z.object({ token: z.string(), expires_at: instant }).openapi("PopupToken");

/** Goes into `request.headers` of what browsers ask. */
export const customerHeader = z.object({
  "tessera-customer": z.string().min(1).max(1_000).openapi({ description: "The token of POST /v1/popup-tokens." }),
});

export const popupParams = z.object({ id: resourceId });

export const popupWire = z
  .object({
    id: z.string(),
    title: z.string(),
    text: z.string(),
    button: z.string().nullable(),
    url: z.string().nullable(),
    created_at: instant,
  })
  .openapi("Popup");
export type PopupWire = z.infer<typeof popupWire>;
