import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { Context } from "hono";
import type { Site, SiteFile } from "./site.ts";

/** Sends the smallest variant that the browser takes; a file that may change is checked by its build's name. */
export function serveFile(c: Context, site: Site, file: SiteFile): Response {
  const etag = `"${site.name}"`;
  const headers = new Headers({
    "content-type": file.type,
    "content-security-policy": site.contentSecurityPolicy,
    "cache-control": file.immutable ? "private, max-age=31536000, immutable" : "private, no-cache",
    vary: "accept-encoding, cookie",
    etag,
  });
  if (c.req.header("if-none-match") === etag) return new Response(null, { status: 304, headers });
  const accepted = acceptedEncodings(c.req.header("accept-encoding"));
  const fitting = file.variants.filter(({ encoding }) => encoding === undefined || accepted.has(encoding));
  const best = fitting.reduce((a, b) => (b.size < a.size ? b : a));
  headers.set("content-length", String(best.size));
  if (best.encoding) headers.set("content-encoding", best.encoding);
  if (c.req.method === "HEAD") return new Response(null, { headers });
  return new Response(Readable.toWeb(createReadStream(best.path)) as ReadableStream, { headers });
}

/** Names the client takes; a quality of 0 refuses one. */
export function acceptedEncodings(header: string | undefined): Set<string> {
  const offers = (header ?? "").toLowerCase().split(",");
  return new Set(
    offers.filter((offer) => !/;\s*q=0(\.0*)?\s*$/.test(offer)).map((offer) => offer.split(";")[0]?.trim() ?? ""),
  );
}
