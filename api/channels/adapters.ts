/** Every kind of channel that there is. A new one is a line here. */
import type { ChannelAdapter, ChannelKind } from "./adapter.ts";
import { emailAdapter } from "./email/adapter.ts";

export const adapters: readonly ChannelAdapter[] = [emailAdapter as ChannelAdapter];

const byKind = new Map<string, ChannelAdapter>(adapters.map((adapter) => [adapter.kind, adapter]));

export const channelKinds: readonly ChannelKind[] = adapters.map((adapter) => adapter.kind);

/** Undefined: the kind is of a version of this service that knew more. */
export function adapterOf(kind: string): ChannelAdapter | undefined {
  return byKind.get(kind);
}
