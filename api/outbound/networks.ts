/** Which addresses a tenant may make us talk to: those of the public Internet, and networks that the operator names. */
import ipaddr from "ipaddr.js";

export type Network = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, prefixBits: number];

/** @throws Error when one of them is no network, `10.0.0.0/8` say, and no address either. */
export function parseNetworks(text: string): Network[] {
  const parts = text.split(",").map((part) => part.trim());
  return parts.filter((part) => part !== "").map(parseNetwork);
}

function parseNetwork(text: string): Network {
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
  if (!isAddress) throw new Error("must be networks like 10.1.0.0/16 or 127.0.0.1, separated by commas");
  const address = ipaddr.parse(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

/** Answer to clouds' own machines for whatever they ask, although they look public; the others are in private ranges. */
const metadata = parseNetworks("168.63.129.16");
/** All that is given out for use on the Internet. What embeds an IPv4 address (mapped, NAT64, compatible) is outside of it. */
const globalUnicast = parseNetworks("2000::/3");

/**
 * "allowed" by the operator, "public", or "refused": private, loopback, link-local, shared (CGNAT), multicast, reserved,
 * unspecified, and whatever stands for another address: mapped, 6to4, Teredo, NAT64.
 */
export function judgeAddress(text: string, allowed: readonly Network[]): "allowed" | "public" | "refused" {
  // A zone names one of our own interfaces.
  if (text.includes("%") || !ipaddr.isValid(text)) return "refused";
  const address = ipaddr.parse(text);
  if (isIn(address, allowed)) return "allowed";
  if (address.range() !== "unicast" || isIn(address, metadata)) return "refused";
  return address.kind() === "ipv4" || isIn(address, globalUnicast) ? "public" : "refused";
}

function isIn(address: ipaddr.IPv4 | ipaddr.IPv6, networks: readonly Network[]): boolean {
  return networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
}
