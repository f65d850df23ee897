/** `/openapi.json` and the reference page. Neither needs a key, and the page asks nothing of other hosts. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "../http/environment.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { readAsset } from "./assets.ts";
import { openApiDocument } from "./document.ts";

/** @param app whose routes are described; the document is made at the first request, when all are mounted. */
export function docsRoutes(app: Pick<OpenAPIHono, "getOpenAPI31Document">) {
  let text: string | undefined;
  const router = createRouter();
  router.get("/openapi.json", (c) => {
    text ??= JSON.stringify(openApiDocument(app));
    return c.body(text, 200, { "content-type": "application/json" });
  });
  router.get("/docs", (c) => sendAsset(c, "index.html"));
  router.get("/docs/", (c) => c.redirect("/docs", 308));
  router.get("/docs/:name", (c) => sendAsset(c, c.req.param("name")));
  return router;
}

async function sendAsset(c: Context<AppEnv>, name: string): Promise<Response> {
  const asset = await readAsset(name);
  if (!asset) throw notFound("file");
  c.header("etag", asset.etag);
  c.header("cache-control", "no-cache");
  if (c.req.header("if-none-match") === asset.etag) return c.body(null, 304);
  return c.body(asset.body, 200, { "content-type": asset.contentType });
}
