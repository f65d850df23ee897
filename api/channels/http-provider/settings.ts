import { z } from "@hono/zod-openapi";
import { placeholdersIn } from "./fill.ts";

const text = (max: number) => z.string().max(max);

const values = z.record(z.string().min(1).max(100), text(2_000));

/** RFC 6901. */
const pointer = z
  .string()
  .max(200)
  .regex(/^(\/[^/]*)*$/, "Expected a JSON pointer such as /messages/0/id");

const answerIs = z.strictObject({
  pointer,
  any_of: z
    .array(z.union([z.string().max(100), z.number()]))
    .min(1)
    .max(100),
});

const status = z.int().min(100).max(599);

/** Where the answer's own codes say more than its status. */
const matches = z.array(answerIs).max(20).default([]);

export const httpProviderSettings = z
  .strictObject({
    method: z.enum(["POST", "PUT", "GET"]).default("POST"),
    url: z.string().min(1).max(2_000).openapi({ example: "https://api.provider.example/messages" }),
    headers: values.default({}),
    /** Becomes the Authorization header. */
    basic_auth: z.strictObject({ username: text(500), password: text(500) }).optional(),
    body: z
      .discriminatedUnion("type", [
        z.strictObject({ type: z.literal("form"), fields: values }),
        z.strictObject({ type: z.literal("json"), value: z.record(z.string().max(100), z.unknown()) }),
        z.strictObject({ type: z.literal("none") }),
      ])
      .default({ type: "none" }),
    provider_id: pointer
      .optional()
      .openapi({ description: "Where the answer says what the provider calls the message" }),
    retry_statuses: z
      .array(status)
      .max(50)
      .default([429, 500, 503])
      .openapi({
        description:
          "It did not take the message, and may later. 408, 502 and 504, where they are not of these, mean that it may " +
          "have taken it: it is not sent again",
      }),
    retry_when: matches,
    bounced_statuses: z.array(status).max(50).default([]),
    bounced_when: matches,
    timeout_seconds: z.int().min(1).max(30).default(15),
  })
  .superRefine((given, context) => {
    const fault = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
    const origin = originOf(given.url);
    if (!URL.canParse(origin)) fault(["url"], "Expected an absolute URL.");
    // A value may not choose whom credentials are sent to.
    else if (origin.includes("{{")) fault(["url"], "The host may not hold a placeholder.");
    for (const { path, source } of sourcesOf(given)) {
      const unknown = placeholdersIn(source).find((name) => !isKnown(name));
      if (unknown !== undefined) fault(path, `There is no placeholder ${unknown}.`);
    }
    for (const name of Object.keys(given.headers)) {
      if (!/^[A-Za-z0-9-]{1,100}$/.test(name)) fault(["headers", name], "Expected the name of a header.");
    }
    if (JSON.stringify(given).length > 20_000) fault([], "Expected at most 20,000 characters in all.");
  });
export type HttpProviderSettings = z.output<typeof httpProviderSettings>;

/** Named by the shop: `{{ credentials.token }}`. */
export const httpProviderCredentials = z
  .record(z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, "Expected a name such as api_token"), z.string().min(1).max(4_000))
  .nullable();
export type HttpProviderCredentials = z.output<typeof httpProviderCredentials>;

const known =
  /^(to|to_digits|text|title|delivery_id|language|credentials\.[a-z][a-z0-9_]{0,49}|(customer|voucher|campaign|properties|order)(\.[A-Za-z0-9_]{1,50}){1,3})$/;

function isKnown(name: string): boolean {
  return known.test(name);
}

type Settings = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly basic_auth?: Readonly<Record<string, string>> | undefined;
  readonly body: unknown;
};

function sourcesOf({ url, headers, basic_auth, body }: Settings): { path: (string | number)[]; source: string }[] {
  return [
    { path: ["url"], source: url },
    ...Object.entries(headers).map(([name, source]) => ({ path: ["headers", name], source })),
    ...Object.entries(basic_auth ?? {}).map(([name, source]) => ({ path: ["basic_auth", name], source })),
    { path: ["body"], source: JSON.stringify(body) },
  ];
}

/** As it is written; empty when there is none. It holds no placeholder. */
export function originOf(url: string): string {
  return /^https?:\/\/[^/?#]*/.exec(url)?.[0] ?? "";
}
