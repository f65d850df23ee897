/** Every kind of channel that there is. A new one is a line here. */

import { popupAdapter } from "../popups/adapter.ts";
import type { ChannelAdapter, ChannelKind } from "./adapter.ts";
import { emailAdapter } from "./email/adapter.ts";
import { messengerAdapter, smsAdapter } from "./http-provider/adapter.ts";
import { webhookAdapter } from "./webhook/adapter.ts";

// Settings and credentials are parsed by the adapter that gets them: the list need not know their types.
export const adapters: readonly ChannelAdapter[] = [
  emailAdapter as ChannelAdapter,
  smsAdapter as ChannelAdapter,
  messengerAdapter as ChannelAdapter,
  webhookAdapter as ChannelAdapter,
  popupAdapter as ChannelAdapter,
];

const byKind = new Map<string, ChannelAdapter>(adapters.map((adapter) => [adapter.kind, adapter]));

export const channelKinds: readonly ChannelKind[] = adapters.map((adapter) => adapter.kind);

/** Undefined: the kind is of a version of this service that knew more. */
export function adapterOf(kind: string): ChannelAdapter | undefined {
  return byKind.get(kind);
}
