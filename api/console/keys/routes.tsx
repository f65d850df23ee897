/** API keys: the verbs of /v1/keys. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Transaction } from "kysely";
import type { DB } from "../../db/tables.ts";
import type { Deps } from "../../deps.ts";
import { makeKey, revokeKey, rotateKey, withoutText } from "../../keys/change.ts";
import { listKeys, readKey } from "../../keys/list.ts";
import { keyBody, rotateBody } from "../../keys/schemas.ts";
import { signedTransaction } from "../../reviews/actor.ts";
import { Text } from "../format.tsx";
import { once } from "../parts/attempt.tsx";
import { parsed, submitForm } from "../parts/form.tsx";
import { instantOf } from "../parts/moments.tsx";
import { textOf } from "../parts/sheet.ts";
import { answerOnce, ShownOncePage } from "../parts/shown-once.tsx";
import { actorOf, type ConsoleEnv, type Form, requireScope, smallForm } from "../viewer.ts";
import { KeysPage, NewKeyPage, RevokeKeyPage, RotateKeyPage } from "./pages.tsx";

const perPage = 50;
const back = { to: "/console/keys", name: "API keys" };

export function mountKeys(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  router.use("/console/keys/*", requireScope("API keys", "admin"));

  router.get("/console/keys", async (c) => {
    const cursor = c.req.query("cursor");
    const page = await listKeys(deps.db, c.var.viewer.projectId, { limit: perPage, cursor });
    return c.html(
      <KeysPage viewer={c.var.viewer} page={page} cursor={cursor} done={c.req.query("done")} now={Date.now()} />,
    );
  });

  router.get("/console/keys/new", (c) => c.html(<NewKeyPage viewer={c.var.viewer} />));

  router.post("/console/keys", smallForm, (c) => {
    const { viewer } = c.var;
    return answerOnce(c, {
      work: async (form) => {
        const body = parsed(keyBody, bodyOf(form));
        const make = (tx: Transaction<DB>) => makeKey(tx, viewer.projectId, body);
        const key = await once(c, form, "key", body, make, withoutText);
        return (
          <ShownOncePage viewer={viewer} place="keys" title="The key was made" text={key.key} back={back}>
            <p>
              For <Text value={key.name} />, which may now {key.scopes.join(", ")}.
            </p>
          </ShownOncePage>
        );
      },
      again: (sheet) => <NewKeyPage viewer={viewer} sheet={sheet} />,
    });
  });

  router.get("/console/keys/:id/rotate", async (c) => {
    const key = await readKey(deps.db, c.var.viewer.projectId, c.req.param("id"));
    return c.html(<RotateKeyPage viewer={c.var.viewer} of={key} />);
  });

  router.post("/console/keys/:id/rotate", smallForm, async (c) => {
    const { viewer, keyRing } = c.var;
    const old = await readKey(deps.db, viewer.projectId, c.req.param("id"));
    return answerOnce(c, {
      work: async (form) => {
        const { grace_seconds } = parsed(rotateBody, { grace_seconds: Number(textOf(form, "grace_seconds")) });
        const rotate = (tx: Transaction<DB>) => rotateKey(tx, viewer.projectId, old.id, grace_seconds);
        const key = await once(c, form, "key-rotation", { id: old.id, grace_seconds }, rotate, withoutText);
        keyRing.forget(old.id);
        return (
          <ShownOncePage viewer={viewer} place="keys" title="A new key" text={key.key} back={back}>
            <p>
              For <Text value={key.name} />.{" "}
              {grace_seconds === 0 ? "The old key has ended." : `The old key ends in ${grace_seconds / 3600} hours.`}
            </p>
          </ShownOncePage>
        );
      },
      again: (sheet) => <RotateKeyPage viewer={viewer} of={old} sheet={sheet} />,
    });
  });

  router.get("/console/keys/:id/revoke", async (c) => {
    const key = await readKey(deps.db, c.var.viewer.projectId, c.req.param("id"));
    return c.html(<RevokeKeyPage viewer={c.var.viewer} of={key} />);
  });

  router.post("/console/keys/:id/revoke", smallForm, async (c) => {
    const { viewer, keyRing } = c.var;
    const key = await readKey(deps.db, viewer.projectId, c.req.param("id"));
    return submitForm(c, {
      work: async () => {
        await signedTransaction(deps.pool, actorOf(c), ({ tx }) =>
          revokeKey(tx, viewer.projectId, viewer.keyId, key.id),
        );
        keyRing.forget(key.id);
        return "/console/keys?done=revoked";
      },
      again: (sheet) => <RevokeKeyPage viewer={viewer} of={key} sheet={sheet} />,
    });
  });
}

function bodyOf(form: Form): object {
  const common = { name: textOf(form, "name") ?? "", expires_at: instantOf(textOf(form, "expires_at"), "UTC") };
  if (textOf(form, "kind") !== "publishable") return { ...common, kind: "secret", scopes: form.scopes ?? [] };
  const origins = (textOf(form, "allowed_origins") ?? "").split("\n").map((line) => line.trim());
  return { ...common, kind: "publishable", allowed_origins: origins.filter((line) => line !== "") };
}
