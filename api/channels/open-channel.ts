import type { Sealer } from "../secrets/seal.ts";
import { SealError } from "../secrets/seal.ts";
import type { ChannelAdapter, SendContext } from "./adapter.ts";
import type { ChannelRow } from "./find.ts";

/** Settings and credentials as the adapter reads them; undefined when what is stored does not open or does not parse. */
export function openChannel(
  adapter: ChannelAdapter,
  row: ChannelRow,
  sealer: Sealer,
): SendContext["channel"] | undefined {
  try {
    const settings = adapter.settings.safeParse(row.settings);
    const text = row.credentials === null ? "null" : sealer.open(row.credentials, placeOf(row.project_id, row.id));
    const credentials = adapter.credentials.safeParse(JSON.parse(text));
    if (!settings.success || !credentials.success) return undefined;
    const version = row.updated_at.toISOString();
    return { id: row.id, name: row.name, version, settings: settings.data, credentials: credentials.data };
  } catch (error) {
    if (error instanceof SealError) return undefined;
    throw error;
  }
}

/** What credentials are sealed for. */
export function placeOf(projectId: string, channelId: string): string {
  return `${projectId}/${channelId}`;
}
