/** The session cookie: a small document and its HMAC. It holds nothing secret, it only cannot be made up. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";

export const sessionCookie = "tessera_session";
export const sessionSeconds = 12 * 60 * 60;

const document = z.strictObject({
  key_id: z.string(),
  project_id: z.string(),
  /** Epoch seconds. */
  expires_at: z.int(),
});

export interface Session {
  readonly keyId: string;
  readonly projectId: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

function mac(secret: Buffer, body: string): Buffer {
  return createHmac("sha256", secret).update(`${sessionCookie}:${body}`).digest();
}

export function sealSession(secret: Buffer, session: Session): string {
  const content = { key_id: session.keyId, project_id: session.projectId, expires_at: session.expiresAt };
  const body = Buffer.from(JSON.stringify(content)).toString("base64url");
  return `${body}.${mac(secret, body).toString("base64url")}`;
}

/** Undefined for anything that was not sealed with this secret, or whose time is over. `now` in epoch milliseconds. */
export function openSession(secret: Buffer, cookie: string, now: number): Session | undefined {
  const [body, signature, ...rest] = cookie.split(".");
  if (!body || !signature || rest.length > 0) return undefined;
  const given = Buffer.from(signature, "base64url");
  const expected = mac(secret, body);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const content = document.safeParse(JSON.parse(Buffer.from(body, "base64url").toString("utf8")));
  if (!content.success || content.data.expires_at * 1000 <= now) return undefined;
  return { keyId: content.data.key_id, projectId: content.data.project_id, expiresAt: content.data.expires_at };
}
