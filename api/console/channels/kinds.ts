/** Kinds of channels, as people call them. */
import type { ChannelWire } from "../../channels/schemas.ts";

export type Kind = ChannelWire["kind"];

interface KindWords {
  readonly name: string;
  /** What it is for, in a line. */
  readonly text: string;
}

const words: Readonly<Record<string, KindWords>> = {
  email: { name: "E-mail", text: "Through a mail server of yours or of a provider, over SMTP." },
  sms: { name: "Text message", text: "SMS through any provider that takes an HTTP request." },
  messenger: { name: "Messenger", text: "WhatsApp and the like, through a provider that takes an HTTP request." },
  webhook: { name: "Webhook", text: "A signed message to a system of yours, which writes to the customer itself." },
  popup: { name: "On-site pop-up", text: "Shown on the pages of your shop, with a small script." },
};

/** A kind of a later version is called what the API calls it. */
export function kindWords(kind: string): KindWords {
  return words[kind] ?? { name: kind, text: "" };
}
