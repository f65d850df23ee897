/** Pools: the verbs of /v1/pools. */
import { createHash } from "node:crypto";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Deps } from "../../deps.ts";
import { Problem } from "../../http/problem.ts";
import { fillPool, logFilled } from "../../pools/add-codes.ts";
import { changePool, createPool } from "../../pools/change.ts";
import { listPools, readPool } from "../../pools/list.ts";
import type { AddedCodesWire } from "../../pools/schemas.ts";
import { createPoolBody, updatePoolBody } from "../../pools/schemas.ts";
import { signedTransaction } from "../../reviews/actor.ts";
import { once } from "../parts/attempt.tsx";
import { parsed, submitForm } from "../parts/form.tsx";
import { refusedSheet, textOf } from "../parts/sheet.ts";
import { uploadBytesMax, uploadOf } from "../parts/upload.ts";
import { actorOf, type ConsoleEnv, type Form, formUpTo, readForm, requireScope, smallForm } from "../viewer.ts";
import { NewPoolPage, PoolPage, PoolsPage, poolAddress } from "./pages.tsx";

const perPage = 50;

export function mountPools(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  router.use("/console/pools/*", requireScope("Pools", "manage"));

  router.get("/console/pools", async (c) => {
    const cursor = c.req.query("cursor");
    const page = await listPools(deps.db, c.var.viewer.projectId, { limit: perPage, cursor });
    return c.html(<PoolsPage viewer={c.var.viewer} page={page} cursor={cursor} />);
  });

  router.get("/console/pools/new", (c) => c.html(<NewPoolPage viewer={c.var.viewer} />));

  router.post("/console/pools", smallForm, (c) => {
    const { viewer } = c.var;
    return submitForm(c, {
      work: async (form) => {
        const body = parsed(createPoolBody, { name: textOf(form, "name") ?? "", low_stock: markOf(form) });
        const pool = await once(c, form, "pool", body, (tx) => createPool(tx, viewer.projectId, body, new Date()));
        return `${poolAddress(pool.id)}?done=created`;
      },
      again: (sheet) => <NewPoolPage viewer={viewer} sheet={sheet} />,
    });
  });

  router.get("/console/pools/:id", async (c) => {
    const pool = await readPool(deps.db, c.var.viewer.projectId, c.req.param("id"));
    return c.html(<PoolPage viewer={c.var.viewer} pool={pool} done={c.req.query("done")} />);
  });

  router.post("/console/pools/:id", smallForm, async (c) => {
    const { viewer } = c.var;
    const pool = await readPool(deps.db, viewer.projectId, c.req.param("id"));
    return submitForm(c, {
      work: async (form) => {
        const change = { name: textOf(form, "name") ?? "", low_stock: markOf(form) ?? null };
        const body = parsed(updatePoolBody, change);
        await signedTransaction(deps.pool, actorOf(c), ({ tx }) =>
          changePool(tx, viewer.projectId, pool.id, body, new Date()),
        );
        return `${poolAddress(pool.id)}?done=changed`;
      },
      again: (sheet) => <PoolPage viewer={viewer} pool={pool} sheet={sheet} />,
    });
  });

  // What became of the rows has no address: sending the file again changes nothing.
  router.post("/console/pools/:id/codes", formUpTo(uploadBytesMax), async (c) => {
    const { projectId } = c.var.viewer;
    const id = c.req.param("id");
    const form = await readForm(c);
    const show = async () => ({ viewer: c.var.viewer, pool: await readPool(deps.db, projectId, id) });
    try {
      const rows = await uploadOf(c, form, { lines: "codes", column: "code" });
      const log = (filled: AddedCodesWire) =>
        signedTransaction(deps.pool, actorOf(c), ({ tx }) => logFilled(tx, projectId, id, filled));
      const uploaded = await fillPool(deps.db, projectId, id, { ...rows, digest: createHash("sha256") }, log);
      await log(uploaded);
      return c.html(<PoolPage {...(await show())} uploaded={uploaded} />);
    } catch (error) {
      if (!(error instanceof Problem) || error.code === "not_found") throw error;
      return c.html(<PoolPage {...(await show())} uploadSheet={refusedSheet(form, error)} />, error.status);
    }
  });
}

/** What is no number is said to be none by the API's schema. */
function markOf(form: Form): number | undefined {
  const text = textOf(form, "low_stock");
  return text === undefined ? undefined : Number(text);
}
