/** Whose failures are counted: the key, the customer and the address that a request came with. */
import { createHash } from "node:crypto";
import { isIP, isIPv4 } from "node:net";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";
import type { AppEnv } from "../http/environment.ts";
import type { GuessLimits } from "./limits.ts";

export interface Guesser {
  readonly projectId: string;
  readonly keyId: string;
  /** As the request names it. */
  readonly customer: string | null;
  readonly ip: string | null;
  /**
   * A browser may name any customer. What it does under that name is held against that name in browsers only: else
   * anybody could shut a stranger out of the shop's own checkout.
   */
  readonly browser: boolean;
}

interface Subject {
  readonly kind: "key" | "customer" | "ip";
  /** The column `attempt_window.subject`. */
  readonly id: string;
}

interface Attempt {
  readonly customer?: { readonly identifier: string } | undefined;
  readonly order: { readonly device?: { readonly ip?: string | undefined } | undefined };
}

/** The address: of a browser the one it connects from, whatever its body says; else the one that the shop reports. */
export function guesserOf(c: Context<AppEnv>, limits: GuessLimits, attempt: Attempt): Guesser {
  const { projectId, keyId, kind } = c.var.auth;
  const browser = kind === "publishable";
  const ip = browser ? connectionAddress(c, limits.addressHeader) : attempt.order.device?.ip;
  return { projectId, keyId, customer: attempt.customer?.identifier ?? null, ip: ip ?? null, browser };
}

/** Of a list, the last: it is the one that the nearest proxy has put there itself. */
function connectionAddress(c: Context<AppEnv>, header: string | undefined): string | undefined {
  const named = header === undefined ? undefined : c.req.header(header)?.split(",").at(-1)?.trim();
  if (named !== undefined && isIP(named) !== 0) return named;
  // A request made inside this process has no socket.
  const env = c.env as object | undefined;
  return env !== undefined && "incoming" in env ? getConnInfo(c).remote.address : undefined;
}

/** Digests: the table is no register of addresses. It keeps them for one window. */
export function subjectsOf(guesser: Guesser): readonly Subject[] {
  const { keyId, customer, ip, browser } = guesser;
  const subject = (kind: Subject["kind"], name: string): Subject => {
    const digest = createHash("sha256").update(`${guesser.projectId}\0${kind}\0${name}`, "utf8").digest("base64url");
    return { kind, id: `${kind}:${digest.slice(0, 32)}` };
  };
  return [
    subject("key", keyId),
    ...(customer === null ? [] : [subject("customer", browser ? `${keyId}\0${customer}` : customer)]),
    ...(ip === null ? [] : [subject("ip", network(ip))]),
  ];
}

/** Of IPv6 the first 64 bits: that much belongs to one connection, and whoever has it has all of its addresses. */
function network(ip: string): string {
  const mapped = ip.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  if (isIPv4(mapped) || isIP(mapped) === 0) return mapped;
  const [head = "", tail] = mapped.replace(/%.*$/, "").split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const filled =
    tail === undefined
      ? groups
      : [...groups, ...Array(Math.max(0, 8 - groups.length - after.length)).fill("0"), ...after];
  return `${filled
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
