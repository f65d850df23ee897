/** Signs messages after the Standard Webhooks specification (https://www.standardwebhooks.com), version v1. */
import { createHmac, randomBytes } from "node:crypto";

export const secretPrefix = "whsec_";
const secretBytes = 32;

export function newSecret(): string {
  return `${secretPrefix}${randomBytes(secretBytes).toString("base64")}`;
}

/**
 * The three headers. Whoever knows one of the secrets accepts the message: during a rotation there are two.
 *
 * @param id of the message; the same for every attempt, so that the receiver knows a repetition by it.
 * @param at of this attempt: receivers refuse what is older than a few minutes.
 */
export function signatureHeaders(
  secrets: readonly string[],
  message: { readonly id: string; readonly at: Date; readonly body: string },
): Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string> {
  const timestamp = Math.floor(message.at.getTime() / 1000);
  const signed = `${message.id}.${timestamp}.${message.body}`;
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(secretPrefix.length), "base64");
    return `v1,${createHmac("sha256", key).update(signed, "utf8").digest("base64")}`;
  });
  return {
    "webhook-id": message.id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatures.join(" "),
  };
}
