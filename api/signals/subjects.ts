/** What a shop says of whom an attempt came from becomes keyed hashes at the edge; nothing else is kept of it. */
import { createHmac } from "node:crypto";
import type { SignalsPart } from "../../ingest/events/parts.ts";
import type { AnnouncedKind } from "../../models/features/signals/kinds.ts";
import { networksOf } from "./networks.ts";
import type { SignalKey } from "./secret.ts";

/** As the request says it. Held in memory while it is answered. */
export interface Origin {
  readonly deviceId?: string | undefined;
  readonly ip?: string | undefined;
  readonly asn?: number | undefined;
  readonly cardFingerprint?: string | undefined;
  readonly shippingAddress?: string | undefined;
}

/** The parts of an order that say where it comes from. */
export interface OriginBody {
  readonly device?:
    | { readonly id?: string | undefined; readonly ip?: string | undefined; readonly asn?: number | undefined }
    | undefined;
  readonly payment?: { readonly fingerprint?: string | undefined } | undefined;
  readonly shipping_address?: string | undefined;
}

export function originOf(order: OriginBody): Origin {
  return {
    deviceId: order.device?.id,
    ip: order.device?.ip,
    asn: order.device?.asn,
    cardFingerprint: order.payment?.fingerprint,
    shippingAddress: order.shipping_address,
  };
}

/** 132 bits as base64url: the same thing of the same project is the same text, and says nothing more. */
const hashLength = 22;

export function hashSubject(key: SignalKey, kind: AnnouncedKind | "customer", text: string): string {
  return createHmac("sha256", key).update(`${kind}\0${text}`, "utf8").digest("base64url").slice(0, hashLength);
}

/** All that the shop told; a blank says nothing. */
export function hashOrigin(key: SignalKey, origin: Origin): SignalsPart {
  const { ip, network } = origin.ip === undefined ? {} : networksOf(origin.ip);
  const texts: Readonly<Partial<Record<AnnouncedKind, string | undefined>>> = {
    device: origin.deviceId?.trim(),
    ip,
    network,
    asn: origin.asn === undefined ? undefined : String(origin.asn),
    card: origin.cardFingerprint?.trim(),
    address: origin.shippingAddress === undefined ? undefined : normaliseAddress(origin.shippingAddress),
  };
  const part: Partial<Record<AnnouncedKind, string>> = {};
  for (const [kind, text] of Object.entries(texts) as [AnnouncedKind, string | undefined][]) {
    if (text !== undefined && text !== "") part[kind] = hashSubject(key, kind, text);
  }
  return part;
}

/** Letters and digits only, without accents and case: "12, Rue de l'Été" is "12 rue de l ete". */
export function normaliseAddress(address: string): string {
  return address
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

/**
 * An HMAC needs its key as two blocks (RFC 2104), xored with 0x36 and 0x5c. Postgres, which alone knows the customer's
 * e-mail address when it is asked for facts, gets them as hex and hashes the address's shape as `hashSubject` would.
 */
export function hmacBlocks(key: SignalKey): { readonly inner: string; readonly outer: string } {
  const block = Buffer.alloc(64);
  key.copy(block);
  const xored = (mask: number) => Buffer.from(block.map((byte) => byte ^ mask)).toString("hex");
  return { inner: xored(0x36), outer: xored(0x5c) };
}
