/** What the reader of an answer understands. */
import type { Context } from "hono";
import { parseAccept } from "hono/utils/accept";

const languagesMax = 10;

/** The languages of Accept-Language, best first; empty without the header. A language with q=0 is not wanted. */
export function languagesOf(c: Context): string[] {
  const header = c.req.header("accept-language");
  if (header === undefined || header.length > 1000) return [];
  return parseAccept(header)
    .filter(({ type, q }) => q > 0 && type !== "*")
    .sort((a, b) => b.q - a.q)
    .slice(0, languagesMax)
    .map(({ type }) => type);
}
