/** What can be said of a URL before its host is looked up. */
import { isIP } from "node:net";
import { judgeAddress } from "./networks.ts";
import { type Outbound, publicOnly } from "./vet.ts";

const outsideUrlMax = 2_000;

/** Why a URL that a tenant gives cannot be one to send to, for people; undefined: it may be, if its host is. */
export function faultOfUrl(text: string, outbound: Outbound = publicOnly): string | undefined {
  if (text.length > outsideUrlMax) return `must have at most ${outsideUrlMax} characters`;
  if (!URL.canParse(text)) return "must be an absolute URL";
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return "must begin with https://";
  if (url.username !== "" || url.password !== "") return "must not hold a user name or password";
  const host = hostOf(url);
  const judged = isIP(host) === 0 ? undefined : judgeAddress(host, outbound.allow);
  const elsewhere = "must lead to a public address";
  if (judged === "refused") return elsewhere;
  // A name may be of a network that the operator allows: only its addresses tell.
  if (judged === "allowed" || (judged === undefined && outbound.allow.length > 0)) return undefined;
  return host === "localhost" || host.endsWith(".localhost") ? elsewhere : faultOutside(url);
}

/** The rules that only networks of the operator are free of. */
export function faultOutside(url: URL): string | undefined {
  if (url.protocol !== "https:") return "must begin with https://";
  // The others belong to other protocols: mail, shells, databases of old.
  const port = url.port === "" ? 443 : Number(url.port);
  return port === 443 || port >= 1024 ? undefined : "must have port 443 or one from 1024 on";
}

/**
 * Without the brackets of an IPv6 address and the dot that a name may end with; an IPv4 address in any spelling has become
 * the usual one.
 */
function hostOf(url: URL): string {
  return url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname.replace(/\.$/, "");
}
