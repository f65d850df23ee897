import { z } from "@hono/zod-openapi";
import { instant, nameOf } from "../http/schemas.ts";
import { adapters, channelKinds } from "./adapters.ts";

const name = nameOf(200);

const rateLimit = z
  .strictObject({
    count: z.int().min(1).max(1_000_000),
    seconds: z.int().min(1).max(86_400),
    burst: z.int().min(1).max(1_000_000).default(1).openapi({ description: "How many may go at once." }),
  })
  .nullable()
  .openapi({ description: "In any t seconds at most burst + t × count / seconds messages; null: no limit." });

const frequencyCap = z
  .strictObject({ count: z.int().min(1).max(1_000), hours: z.int().min(1).max(8_784) })
  .nullable()
  .openapi({ description: "At most so many marketing messages to one customer in so many hours; null: no cap." });

const common = {
  name,
  enabled: z.boolean().default(true),
  rate_limit: rateLimit.default(null),
  frequency_cap: frequencyCap.default(null),
};

const kinds = adapters.map((adapter) =>
  z.strictObject({
    ...common,
    kind: z.literal(adapter.kind),
    settings: adapter.settings,
    credentials: adapter.credentials
      .optional()
      .openapi({ description: "Kept sealed, and never answered. Absent: none." }),
  }),
);

/** What is sent is read as its kind says. */
export const createChannelBody = z
  .discriminatedUnion("kind", kinds as unknown as [(typeof kinds)[number], ...typeof kinds])
  .openapi("NewChannel", {
    example: {
      name: "Mail",
      kind: "email",
      settings: {
        host: "smtp.example.com",
        port: 587,
        security: "starttls",
        from: { name: "Shop", email: "offers@shop.example" },
      },
      credentials: { username: "shop", password: "the password of the mail server" },
      rate_limit: { count: 600, seconds: 60, burst: 10 },
    },
  });
export type ChannelInput = z.output<typeof createChannelBody>;

/** Read whole by the adapter of the channel, whose kind the path does not tell. */
const opaque = z.record(z.string().max(100), z.unknown());

export const updateChannelBody = z
  .strictObject({
    name: name.optional(),
    enabled: z.boolean().optional(),
    rate_limit: rateLimit.optional(),
    frequency_cap: frequencyCap.optional(),
    settings: opaque.optional().openapi({ description: "In place of all settings" }),
    credentials: opaque
      .nullable()
      .optional()
      .openapi({ description: "In place of all credentials; null takes them away" }),
  })
  .openapi("ChannelChange", { example: { enabled: false, frequency_cap: { count: 3, hours: 168 } } });
export type ChannelChange = z.output<typeof updateChannelBody>;

export const channelWire = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(channelKinds),
    enabled: z.boolean(),
    settings: opaque,
    has_credentials: z.boolean(),
    rate_limit: z.object({ count: z.int(), seconds: z.int(), burst: z.int() }).nullable(),
    frequency_cap: z.object({ count: z.int(), hours: z.int() }).nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("Channel");
export type ChannelWire = z.output<typeof channelWire>;

export const testBody = z
  .strictObject({
    address: z
      .string()
      .min(1)
      .max(254)
      .optional()
      .openapi({ description: "An e-mail address, or a phone number in E.164" }),
    customer: z.string().min(1).max(200).optional().openapi({ description: "Where a channel has no addresses" }),
    template_id: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .openapi({ description: "Absent: a line that says it is a test" }),
  })
  .openapi("ChannelTest", { example: { address: "me@shop.example" } });

export const testedWire = z
  .object({
    outcome: z.enum(["sent", "retry", "failed", "bounced", "unknown"]),
    reason: z.string().nullable(),
    provider_id: z.string().nullable(),
  })
  .openapi("ChannelTested");

export const bouncesBody = z
  .strictObject({
    bounces: z
      .array(
        z.strictObject({
          reason: z.enum(["bounced", "complained"]),
          provider_id: z
            .string()
            .min(1)
            .max(300)
            .optional()
            .openapi({ description: "What the provider calls the message" }),
          delivery_id: z.string().min(1).max(100).optional(),
          address: z.string().min(1).max(254).optional(),
        }),
      )
      .min(1)
      .max(200),
  })
  .openapi("Bounces", {
    example: { bounces: [{ reason: "bounced", address: "nobody@people.example" }] },
  });

export const bouncedWire = z
  .object({
    received: z.int(),
    suppressed: z.int().openapi({ description: "Addresses that were not suppressed before." }),
    deliveries: z.int().openapi({ description: "Deliveries that became `bounced`." }),
    unknown: z.int().openapi({ description: "Named neither a delivery of this channel nor an address." }),
  })
  .openapi("BouncesTaken");
