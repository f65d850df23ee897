/**
 * Secrets belong among the credentials, which no page ever shows; somebody may have written one into the request itself.
 * What is called like a secret and holds no placeholder is shown as a mark that stands for what is stored.
 */
import { invalid, jsonPointer } from "../../http/problem.ts";

const keptMark = "(kept as it is)";

const secretName = /auth|key|token|secret|passw|cookie/i;

export function masked(value: unknown, name = ""): unknown {
  if (typeof value === "string") {
    return secretName.test(name) && value !== "" && !value.includes("{{") ? keptMark : value;
  }
  if (Array.isArray(value)) return value.map((inner) => masked(inner, name));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner, key)]));
}

/** @throws Problem 400 for a mark that stands for nothing */
export function unmasked(value: unknown, stored: unknown, path: readonly string[]): unknown {
  if (value === keptMark) {
    if (typeof stored !== "string") throw invalid(jsonPointer(path), "Nothing is stored that could be kept.");
    return stored;
  }
  if (typeof value !== "object" || value === null) return value;
  const inside = (key: string, inner: unknown) =>
    unmasked(inner, (stored as Record<string, unknown> | null | undefined)?.[key], [...path, key]);
  if (Array.isArray(value)) return value.map((inner, at) => inside(String(at), inner));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inside(key, inner)]));
}
