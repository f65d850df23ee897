/** An address of the internet as whom it belongs to, and the network around it. */
import { isIPv4, isIPv6 } from "node:net";

/**
 * @returns of IPv4 the address and its /24. Of IPv6 the /64, which one connection has to itself, and the /48, which one
 * site is given (RFC 6177). Nothing for what is no address.
 */
export function networksOf(address: string): { readonly ip?: string; readonly network?: string } {
  const text = address.trim().toLowerCase().replace(/%.*$/, "");
  // An IPv4 address in the clothes of IPv6, as a proxy may report it.
  const plain = text.replace(/^::ffff:(?=\d+\.)/, "");
  if (isIPv4(plain)) return { ip: plain, network: `${plain.slice(0, plain.lastIndexOf("."))}.0/24` };
  if (!isIPv6(text)) return {};
  const groups = groupsOf(text);
  return { ip: `${groups.slice(0, 4).join(":")}::/64`, network: `${groups.slice(0, 3).join(":")}::/48` };
}

/** The eight groups without leading zeros. */
function groupsOf(address: string): string[] {
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - lengthOf(after));
  return [...before, ...Array<string>(zeros).fill("0"), ...after].map((group) =>
    group.includes(".") ? group : Number.parseInt(group, 16).toString(16),
  );
}

/** A dotted tail stands for two groups. */
function lengthOf(groups: readonly string[]): number {
  return groups.reduce((sum, group) => sum + (group.includes(".") ? 2 : 1), 0);
}
