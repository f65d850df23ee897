/** What can be said of a URL before its host is looked up. */
import { isIP } from "node:net";
import { judgeAddress } from "./networks.ts";
import { type Outbound, publicOnly } from "./vet.ts";

const outsideUrlMax = 2_000;
const elsewhere = "must lead to a public address";

/** Why a URL that a tenant gives cannot be one to send to, for people; undefined: it may be, if its host is. */
export function faultOfUrl(text: string, outbound: Outbound = publicOnly): string | undefined {
  if (text.length > outsideUrlMax) return `must have at most ${outsideUrlMax} characters`;
  if (!URL.canParse(text)) return "must be an absolute URL";
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return "must begin with https://";
  if (url.username !== "" || url.password !== "") return "must not hold a user name or password";
  const judged = judgeHost(hostOf(url), outbound);
  if (judged === "refused") return elsewhere;
  return judged === "public" ? faultOutside(url) : undefined;
}

/** As `faultOfUrl`, of what is no URL: a server's name or its address. */
export function faultOfHost(text: string, outbound: Outbound = publicOnly): string | undefined {
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  const url = `https://${isIP(bare) === 6 ? `[${bare}]` : bare}/`;
  const isMore = isIP(bare) !== 6 && /[\s:/?#@\\[\]]/.test(bare);
  if (isMore || !URL.canParse(url)) return "must be a host's name or address";
  return judgeHost(hostOf(new URL(url)), outbound) === "refused" ? elsewhere : undefined;
}

/** unknown: a name may be of a network that the operator allows, only its addresses tell. */
function judgeHost(host: string, outbound: Outbound): "public" | "allowed" | "refused" | "unknown" {
  if (isIP(host) !== 0) return judgeAddress(host, outbound.allow);
  if (outbound.allow.length > 0) return "unknown";
  return host === "localhost" || host.endsWith(".localhost") ? "refused" : "public";
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
