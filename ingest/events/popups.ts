/** What customers did with messages on the shop's pages. */
import { z } from "zod";
import { customerIdentifier } from "./parts.ts";

const popupEvent = z.object({
  popup_id: z.string(),
  customer: customerIdentifier,
  delivery_id: z.string(),
  publication_id: z.string().nullable(),
  campaign_id: z.string().nullable(),
});

export const popupPayloads = {
  "popup.shown": popupEvent,
  "popup.clicked": popupEvent,
  "popup.dismissed": popupEvent,
} as const;
