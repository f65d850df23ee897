import { z } from "@hono/zod-openapi";
import { channelKinds } from "../channels/adapters.ts";
import { instant, nameOf } from "../http/schemas.ts";

const name = nameOf(200);
const purpose = z.enum(["marketing", "transactional"]).openapi({
  description: "Marketing needs the customer's consent, and keeps to the channel's frequency cap.",
});

/** BCP 47: "en", "de-AT". */
const language = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, "Expected a language such as en or de-AT")
  .openapi({ example: "en" });

/** Which parts there are depends on the kind; `check.ts` looks. */
const texts = z.record(z.string().min(1).max(40), z.string().max(200_000)).openapi({
  example: { subject: "Your code, {{ customer.name }}", text: "{{ voucher.code }}" },
});
const languages = z
  .record(language, texts)
  .refine((given) => Object.keys(given).length >= 1 && Object.keys(given).length <= 20, "Expected 1 to 20 languages");

export const createTemplateBody = z
  .strictObject({ name, kind: z.enum(channelKinds), purpose, language: language.default("en"), languages })
  .openapi("NewTemplate", {
    example: {
      name: "Your code",
      kind: "email",
      purpose: "marketing",
      language: "en",
      languages: {
        en: {
          subject: 'Your code, {{ customer.name | default: "friend" }}',
          text: "{{ voucher.code }}\n\nNo more of these: {{ unsubscribe_url }}",
        },
      },
    },
  });
export type TemplateInput = z.output<typeof createTemplateBody>;

export const updateTemplateBody = z
  .strictObject({
    name: name.optional(),
    purpose: purpose.optional(),
    language: language.optional(),
    languages: languages.optional().openapi({ description: "In place of all texts: a new version" }),
  })
  .openapi("TemplateChange", { example: { name: "Your code of spring" } });
export type TemplateChange = z.output<typeof updateTemplateBody>;

export const templateWire = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(channelKinds),
    purpose,
    language: z.string().openapi({ description: "Of customers whose own is not among the languages" }),
    languages: z.record(z.string(), z.record(z.string(), z.string())),
    version: z.int(),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("Template");
export type TemplateWire = z.output<typeof templateWire>;

export const versionWire = z
  .object({
    version: z.int(),
    languages: z.record(z.string(), z.record(z.string(), z.string())),
    created_at: instant,
  })
  .openapi("TemplateVersion");

export const previewBody = z
  .strictObject({
    template_id: z.string().min(1).max(100).optional().openapi({ description: "A stored one, or `kind` and `parts`" }),
    kind: z.enum(channelKinds).optional(),
    parts: texts.optional(),
    language: language.optional(),
    customer: z.string().min(1).max(200).optional().openapi({ description: "Absent: an example" }),
    voucher: z.string().min(1).max(200).optional().openapi({ description: "The code of a voucher" }),
    variables: z
      .strictObject({
        order: z.record(z.string(), z.unknown()).optional(),
        properties: z.record(z.string(), z.unknown()).optional(),
      })
      .optional(),
  })
  .openapi("TemplatePreview", {
    example: { kind: "sms", parts: { text: "Hello {{ customer.name }}" } },
  });
export type PreviewInput = z.output<typeof previewBody>;

export const previewWire = z
  .object({
    language: z.string(),
    parts: z.record(z.string(), z.string()),
    variables: z.array(z.string()).openapi({ description: "What the parts speak of" }),
  })
  .openapi("TemplatePreviewed");
