/** Forms of channels and templates: what is stored comes out of them as it went in, and no secret goes in. */
import { expect, it } from "vitest";
import { emailSettings } from "../../../api/channels/email/settings.ts";
import { httpProviderSettings } from "../../../api/channels/http-provider/settings.ts";
import type { ChannelWire } from "../../../api/channels/schemas.ts";
import { credentialsOf, formOf, settingsOf, withoutCredentials } from "../../../api/console/channels/channel-form.ts";
import { formOf as formOfTemplate, textsOf } from "../../../api/console/templates/template-form.ts";
import type { TemplateWire } from "../../../api/templates/schemas.ts";

const at = "2026-01-01T00:00:00.000Z";
const channel = (kind: ChannelWire["kind"], settings: Record<string, unknown>): ChannelWire => ({
  ...{ id: "chn_1", name: "One", kind, enabled: true, settings, has_credentials: true },
  ...{ rate_limit: null, frequency_cap: null, created_at: at, updated_at: at },
});
const request = (more: object) =>
  httpProviderSettings.parse({ url: "https://api.provider.example/{{ credentials.account }}", ...more });

const examples: readonly [ChannelWire["kind"], Record<string, unknown>][] = [
  [
    "email",
    emailSettings.parse({ host: "smtp.example.com", from: { email: "a@shop.example" }, reply_to: "b@c.example" }),
  ],
  ["webhook", { url: "https://crm.example/hooks" }],
  ["popup", { lifetime_hours: 24 }],
  [
    "sms",
    request({
      basic_auth: { username: "{{ credentials.account }}", password: "{{ credentials.token }}" },
      headers: { "x-shop": "a: b = c", accept: "*/*" },
      body: { type: "form", fields: { To: "{{ to }}", Body: "{{ text }} = {{ voucher.code }}" } },
      provider_id: "/sid",
      bounced_when: [{ pointer: "/code", any_of: [21211, "gone", "0123"] }],
    }),
  ],
  ["messenger", request({ body: { type: "json", value: { to: ["{{ to }}"], template: { n: 1, on: true } } } })],
];

it.each(examples)("a channel of the kind %s comes out of its form as it went in", (kind, settings) => {
  const form = formOf(channel(kind, settings));
  expect(form).toBeDefined();
  expect(settingsOf(kind, form ?? {}, settings)).toEqual(settings);
});

it("a request that lines of text cannot hold has no form", () => {
  expect(formOf(channel("sms", request({ headers: { "x-two": "a\nb" } })))).toBeUndefined();
  expect(formOf(channel("sms", request({ bounced_when: [{ pointer: "/code", any_of: ["a,b"] }] })))).toBeUndefined();
});

it("a secret in a request is not in its form, stays when the form is saved, and is made up for nobody", () => {
  const settings = request({
    headers: { Authorization: "Bearer hidden-1", "x-api-key": "{{ credentials.key }}" },
    basic_auth: { username: "shop", password: "hidden-2" },
    body: { type: "json", value: { auth: [{ api_token: "hidden-3" }], to: "{{ to }}" } },
  });
  const form = formOf(channel("sms", settings)) ?? {};
  expect(JSON.stringify(form)).not.toContain("hidden");
  expect(JSON.stringify(form)).toContain("{{ credentials.key }}");
  expect(settingsOf("sms", form, settings)).toEqual(settings);
  expect(() => settingsOf("sms", form)).toThrow(/could be kept/);
});

it("credentials are those that were typed, untrimmed, none when nothing was, and shown again to nobody", () => {
  const form = { "credentials.username": [" a"], "credentials.password": ["b "], name: ["Mail"] };
  expect(credentialsOf("email", form)).toEqual({ username: " a", password: "b " });
  expect(withoutCredentials(form)).toEqual({ name: ["Mail"] });
  expect(credentialsOf("email", { "credentials.username": [""], "credentials.password": [""] })).toBeUndefined();
  expect(credentialsOf("email", { "credentials.remove": ["on"] })).toBeNull();
  expect(credentialsOf("sms", { "credentials.1.name": ["token"], "credentials.1.value": ["x"] })).toEqual({
    token: "x",
  });
});

it("a template's own language comes first, line ends make no other text, and one too long has no form", () => {
  const template = (text: string): TemplateWire => ({
    ...{ id: "tpl_1", name: "One", kind: "sms", purpose: "marketing", language: "en", version: 1 },
    ...{ languages: { de: { text: "Hallo" }, en: { text } }, created_at: at, updated_at: at },
  });
  const form = formOfTemplate(template("a\r\nb\n"));
  expect(form).toMatchObject({ "languages.0.tag": ["en"], "languages.1.tag": ["de"], "languages.1.text": ["Hallo"] });
  const parts = [{ name: "text", required: true, html: false, lengthMax: 1_600 }];
  expect(textsOf({ "languages.0.text": ["a\r\nb\r\n"] }, 0, parts, { text: "a\nb\n" })).toEqual({ text: "a\nb\n" });
  expect(textsOf(form ?? {}, 0, parts, { text: "a\r\nb\n" })).toEqual({ text: "a\r\nb\n" });
  expect(formOfTemplate(template("<".repeat(8_001)))).toBeUndefined();
  expect(formOfTemplate(template("語".repeat(13_334)))).toBeUndefined();
  expect(formOfTemplate(template("語".repeat(13_000)))).toBeDefined();
});
