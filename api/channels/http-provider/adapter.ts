/** Text messages and messengers: one request to a provider, described by the channel's settings. */
import { requestOutside } from "../../outbound/request.ts";
import { faultOfUrl } from "../../outbound/url.ts";
import {
  type ChannelAdapter,
  type OutgoingMessage,
  type SendContext,
  type SendOutcome,
  type TemplatePart,
  targetFault,
} from "../adapter.ts";
import { fill, fillJson } from "./fill.ts";
import { outcomeOf } from "./outcome.ts";
import {
  type HttpProviderCredentials,
  type HttpProviderSettings,
  httpProviderCredentials,
  httpProviderSettings,
  originOf,
} from "./settings.ts";

const answerBytesMax = 64 * 1024;

function httpProvider(
  kind: "sms" | "messenger",
  parts: readonly TemplatePart[],
): ChannelAdapter<HttpProviderSettings, HttpProviderCredentials> {
  return {
    kind,
    settings: httpProviderSettings,
    credentials: httpProviderCredentials,
    faultOf: ({ url }, outbound) => targetFault("url", faultOfUrl(originOf(url), outbound)),
    credentialsGoTo: ({ url }) => new URL(originOf(url)).origin,
    address: "phone",
    needsConsent: true,
    parts,
    // Each costs money, and nothing tells the customer that two are one.
    whenUnknown: "stop",
    send,
  };
}

/** Ten parts of 160 characters, which most providers take. */
export const smsAdapter = httpProvider("sms", [{ name: "text", required: true, html: false, lengthMax: 1_600 }]);
export const messengerAdapter = httpProvider("messenger", [
  { name: "text", required: true, html: false, lengthMax: 4_096 },
  { name: "title", required: false, html: false, lengthMax: 200 },
]);

async function send(
  message: OutgoingMessage,
  { deps, channel, signal }: SendContext<HttpProviderSettings, HttpProviderCredentials>,
): Promise<SendOutcome> {
  const { settings } = channel;
  const values = valuesOf(message, channel.credentials);
  const { body, type } = bodyOf(settings.body, values);
  const headers = Object.entries(settings.headers).map(([name, source]) => [name, fill(source, values)] as const);
  const answer = await requestOutside({
    url: fill(settings.url, values, encodeURIComponent),
    method: settings.method,
    headers: {
      ...(type === undefined ? {} : { "content-type": type }),
      ...(settings.basic_auth === undefined ? {} : { authorization: basic(settings.basic_auth, values) }),
      ...Object.fromEntries(headers),
    },
    ...(body === undefined ? {} : { body }),
    timeoutMs: settings.timeout_seconds * 1_000,
    answerBytesMax,
    outbound: deps.outbound,
    signal,
  });
  return outcomeOf(answer, settings);
}

function valuesOf(message: OutgoingMessage, credentials: HttpProviderCredentials): Record<string, unknown> {
  return {
    ...message.variables,
    to: message.address,
    // Some providers want the number without its plus.
    to_digits: message.address.slice(1),
    text: message.parts.text ?? "",
    title: message.parts.title ?? "",
    delivery_id: message.deliveryId,
    language: message.language,
    credentials: credentials ?? {},
  };
}

function bodyOf(body: HttpProviderSettings["body"], values: Readonly<Record<string, unknown>>) {
  switch (body.type) {
    case "form": {
      const form = new URLSearchParams();
      for (const [name, source] of Object.entries(body.fields)) form.set(name, fill(source, values));
      return { body: form.toString(), type: "application/x-www-form-urlencoded" };
    }
    case "json":
      return { body: JSON.stringify(fillJson(body.value, values)), type: "application/json" };
    case "none":
      return { body: undefined, type: undefined };
  }
}

/** RFC 7617. */
function basic(
  { username, password }: { readonly username: string; readonly password: string },
  values: Readonly<Record<string, unknown>>,
): string {
  return `Basic ${Buffer.from(`${fill(username, values)}:${fill(password, values)}`, "utf8").toString("base64")}`;
}
