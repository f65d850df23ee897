/** Members: the list, one of them, and what is done to them. The verbs are those of /v1/members. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Transaction } from "kysely";
import type { DB } from "../../db/tables.ts";
import type { Deps } from "../../deps.ts";
import { rotateBody } from "../../keys/schemas.ts";
import { changeMember, createMember, removeMember, rotateMemberKey } from "../../members/change.ts";
import { listMembers, readMember } from "../../members/list.ts";
import { memberBody, memberPatch } from "../../members/schemas.ts";
import { withoutText } from "../../members/wire.ts";
import { signedTransaction } from "../../reviews/actor.ts";
import { Text } from "../format.tsx";
import { once } from "../parts/attempt.tsx";
import { parsed, submitForm } from "../parts/form.tsx";
import { textOf } from "../parts/sheet.ts";
import { answerOnce, ShownOncePage } from "../parts/shown-once.tsx";
import { actorOf, type ConsoleEnv, requireScope, smallForm } from "../viewer.ts";
import { MemberPage, MembersPage, memberAddress, NewMemberPage, RemoveMemberPage } from "./pages.tsx";

const perPage = 50;

export function mountMembers(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  router.use("/console/members/*", requireScope("Members", "admin"));

  router.get("/console/members", async (c) => {
    const cursor = c.req.query("cursor");
    const page = await listMembers(deps.db, c.var.viewer.projectId, { limit: perPage, cursor });
    return c.html(<MembersPage viewer={c.var.viewer} page={page} cursor={cursor} done={c.req.query("done")} />);
  });

  router.get("/console/members/new", (c) => c.html(<NewMemberPage viewer={c.var.viewer} />));

  router.post("/console/members", smallForm, (c) => {
    const { viewer } = c.var;
    return answerOnce(c, {
      work: async (form) => {
        const body = parsed(memberBody, {
          name: textOf(form, "name") ?? "",
          email: textOf(form, "email"),
          role: textOf(form, "role"),
        });
        const make = (tx: Transaction<DB>) => createMember(tx, viewer.projectId, body, new Date());
        const member = await once(c, form, "member", body, make, withoutText);
        return (
          <ShownOncePage
            viewer={viewer}
            place="members"
            title="The member was added"
            text={member.key.text}
            back={{ to: "/console/members", name: "Members" }}
          >
            <p>
              <Text value={member.name} /> signs in with this key as {member.role}. Hand it over in a way that you would
              trust with a password.
            </p>
          </ShownOncePage>
        );
      },
      again: (sheet) => <NewMemberPage viewer={viewer} sheet={sheet} />,
    });
  });

  router.get("/console/members/:id", async (c) => {
    const member = await readMember(deps.db, c.var.viewer.projectId, c.req.param("id"));
    return c.html(<MemberPage viewer={c.var.viewer} member={member} done={c.req.query("done")} />);
  });

  router.post("/console/members/:id", smallForm, async (c) => {
    const { viewer, keyRing } = c.var;
    const member = await readMember(deps.db, viewer.projectId, c.req.param("id"));
    return submitForm(c, {
      work: async (form) => {
        const change = parsed(memberPatch, {
          name: textOf(form, "name") ?? "",
          email: textOf(form, "email") ?? null,
          role: textOf(form, "role"),
        });
        const { keyIds } = await signedTransaction(deps.pool, actorOf(c), ({ tx }) =>
          changeMember(tx, viewer.projectId, member.id, change, new Date()),
        );
        for (const id of keyIds) keyRing.forget(id);
        return `${memberAddress(member.id)}?done=changed`;
      },
      again: (sheet) => <MemberPage viewer={viewer} member={member} sheet={sheet} />,
    });
  });

  router.post("/console/members/:id/rotate", smallForm, async (c) => {
    const { viewer, keyRing } = c.var;
    const member = await readMember(deps.db, viewer.projectId, c.req.param("id"));
    return answerOnce(c, {
      work: async (form) => {
        const { grace_seconds } = parsed(rotateBody, { grace_seconds: Number(textOf(form, "grace_seconds")) });
        const { value, keyIds } = await signedTransaction(deps.pool, actorOf(c), ({ tx }) =>
          rotateMemberKey(tx, viewer.projectId, member.id, grace_seconds),
        );
        for (const id of keyIds) keyRing.forget(id);
        return (
          <ShownOncePage
            viewer={viewer}
            place="members"
            title="A new key"
            text={value.key.text}
            back={{ to: memberAddress(member.id), name: "Member" }}
          >
            <p>
              For <Text value={value.name} />.{" "}
              {grace_seconds === 0 ? "The old key has ended." : `The old key ends in ${grace_seconds / 3600} hours.`}
            </p>
          </ShownOncePage>
        );
      },
      again: (sheet) => <MemberPage viewer={viewer} member={member} sheet={sheet} />,
    });
  });

  router.get("/console/members/:id/remove", async (c) => {
    const member = await readMember(deps.db, c.var.viewer.projectId, c.req.param("id"));
    return c.html(<RemoveMemberPage viewer={c.var.viewer} member={member} />);
  });

  router.post("/console/members/:id/remove", smallForm, async (c) => {
    const { viewer, keyRing } = c.var;
    const member = await readMember(deps.db, viewer.projectId, c.req.param("id"));
    return submitForm(c, {
      work: async () => {
        const keyIds = await signedTransaction(deps.pool, actorOf(c), ({ tx }) =>
          removeMember(tx, viewer.projectId, member.id),
        );
        for (const id of keyIds) keyRing.forget(id);
        return "/console/members?done=removed";
      },
      again: (sheet) => <RemoveMemberPage viewer={viewer} member={member} sheet={sheet} />,
    });
  });
}
