/** Looks a host up and says whether we may talk to it. Whoever connects takes the addresses it answers, never the name. */
import { promises as dns, type LookupAddress } from "node:dns";
import { isIP } from "node:net";
import { judgeAddress, type Network } from "./networks.ts";

/** What the operator allows, and how names are looked up. */
export interface Outbound {
  /** Networks that tenants may reach although they are not public; also over plain HTTP and on any port. */
  readonly allow: readonly Network[];
  /** Absent: the system's resolver. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
}

/** Of whoever was told nothing else. */
export const publicOnly: Outbound = { allow: [] };

export type Vetted =
  | { readonly outcome: "allowed"; readonly addresses: readonly LookupAddress[]; readonly byOperator: boolean }
  | { readonly outcome: "refused"; readonly reason: "address_refused" | "host_unknown" };

/**
 * All addresses of a name must do: with one that does not, another answer of the same name server would decide.
 * Asking again may answer otherwise (rebinding), so connect to `addresses`.
 *
 * @param host a name, or an address in any spelling that the system knows; an IPv6 address with or without brackets.
 */
export async function vetAddress(host: string, outbound: Outbound = publicOnly): Promise<Vetted> {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  const addresses = await addressesOf(bare, outbound);
  if (addresses.length === 0) return { outcome: "refused", reason: "host_unknown" };
  const judged = addresses.map(({ address }) => judgeAddress(address, outbound.allow));
  if (judged.includes("refused")) return { outcome: "refused", reason: "address_refused" };
  return { outcome: "allowed", addresses, byOperator: judged.every((word) => word === "allowed") };
}

async function addressesOf(host: string, outbound: Outbound): Promise<readonly LookupAddress[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  try {
    return await (outbound.resolve ?? resolveBySystem)(host);
  } catch {
    // Whatever the reason, we do not know where it is.
    return [];
  }
}

function resolveBySystem(host: string): Promise<LookupAddress[]> {
  return dns.lookup(host, { all: true, verbatim: true });
}
