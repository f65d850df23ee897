/** Amounts as people type them. The API knows minor units only. */
import { minorDigits } from "../../domain/money.ts";

/** 1250 of EUR is "12.50": what `minorOf` reads. */
export function decimalOf(amount: number | null | undefined, currency: string): string {
  if (amount === null || amount === undefined) return "";
  const digits = minorDigits(currency);
  if (digits === 0) return String(amount);
  const text = String(Math.abs(amount)).padStart(digits + 1, "0");
  return `${amount < 0 ? "-" : ""}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/**
 * "12.5", "12,50" and "1 200" as minor units, exactly. What is no amount stays the text that it is: the API's schema
 * says so, with the field's name. Undefined when there is nothing.
 */
export function minorOf(text: string | undefined, currency: string): number | string | undefined {
  const plain = (text ?? "").trim().replaceAll(/[\s'\u2019]/g, "");
  if (plain === "") return undefined;
  const match = /^(\d{1,13})(?:[.,](\d*))?$/.exec(plain);
  const digits = minorDigits(currency);
  const [, whole = "", part = ""] = match ?? [];
  if (!match || part.length > digits) return plain;
  return Number(`${whole}${part.padEnd(digits, "0")}`);
}

/** A whole number, or the text that is none; undefined when there is nothing. */
export function wholeOf(text: string | undefined): number | string | undefined {
  const plain = (text ?? "").trim();
  if (plain === "") return undefined;
  return /^-?\d{1,15}$/.test(plain) ? Number(plain) : plain;
}
