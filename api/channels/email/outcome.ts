/** What a mail server's answer, or its silence, means for a message. Reply codes: RFC 5321 4.2, enhanced ones: RFC 3463. */
import type { SendOutcome } from "../adapter.ts";
import { ConnectionRefused } from "./transport.ts";

interface SmtpFailure {
  /** Of the server; absent when it said nothing. */
  readonly responseCode?: number;
  readonly response?: string;
  /** What was asked when it answered: "RCPT TO". */
  readonly command?: string;
}

/**
 * @param handedOver whether all of the message had left us: the server may have accepted it and died before it said so.
 */
export function outcomeOf(error: unknown, handedOver: boolean): SendOutcome {
  if (error instanceof ConnectionRefused) return { outcome: "failed", reason: error.message };
  const failure: SmtpFailure = error instanceof Error ? (error as SmtpFailure) : {};
  const { responseCode: code } = failure;
  if (code === undefined || code < 400 || code > 599) {
    return handedOver ? { outcome: "unknown", reason: "no_answer" } : { outcome: "retry", reason: "no_connection" };
  }
  const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(failure.response ?? "")?.[1];
  // Codes and nothing of the words: they repeat the address.
  const reason = enhanced === undefined ? `smtp_${code}` : `smtp_${code}_${enhanced}`;
  if (code < 500) return { outcome: "retry", reason };
  // A login that is refused says nothing about the message: the channel may be mended.
  if (failure.command?.startsWith("AUTH")) return { outcome: "retry", reason };
  return isOfRecipient(failure.command, code, enhanced)
    ? { outcome: "bounced", reason }
    : { outcome: "failed", reason };
}

/**
 * Only what is about the address itself suppresses it: a server that refuses us (5.7.1), a full mailbox (5.2.2) or a
 * message that looks like spam would otherwise take every customer off the list.
 */
function isOfRecipient(command: string | undefined, code: number, enhanced: string | undefined): boolean {
  if (enhanced !== undefined) return /^5\.1\.(1|2|3|6|10)$/.test(enhanced) || enhanced === "5.2.1";
  return command === "RCPT TO" && (code === 550 || code === 551 || code === 553 || code === 556);
}
