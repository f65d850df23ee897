/** Members and the keys they sign in with: made, changed and ended in one transaction. */
import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { createKey } from "../keys/create-key.ts";
import { changeKeysOf, endKeysOf, keysOfMembers } from "../keys/member-keys.ts";
import {
  countMembers,
  deleteMember,
  insertMember,
  lockMember,
  lockOwners,
  type MemberRow,
  updateMember,
} from "./queries.ts";
import { scopesOfRole } from "./roles.ts";
import type { MemberChange, MemberWire, MemberWithKeyWire, NewMember } from "./schemas.ts";
import { toMemberWire } from "./wire.ts";

/** A list that people read; more of them are machines. */
const membersMax = 500;

/** `keyIds`: keys that mean something else from the commit on; the key ring is to forget them. */
export interface Changed<T> {
  readonly value: T;
  readonly keyIds: readonly string[];
}

/** @throws Problem `already_exists` when another member has the e-mail address; `conflict` when there are too many. */
export async function createMember(
  tx: Transaction<DB>,
  projectId: string,
  { name, email, role }: NewMember,
  at: Date,
): Promise<MemberWithKeyWire> {
  if ((await countMembers(tx, projectId)) >= membersMax) {
    throw new Problem("conflict", `A project has at most ${membersMax} members.`);
  }
  const row = await insertMember(tx, {
    project_id: projectId,
    id: newId("mem"),
    name,
    email: email ?? null,
    role,
    created_at: at,
    updated_at: at,
  });
  if (!row) throw addressTaken();
  return withNewKey(tx, row);
}

/** @throws Problem `not_found`, `last_owner`, or `already_exists` when another member has the e-mail address. */
export async function changeMember(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  change: MemberChange,
  at: Date,
): Promise<Changed<MemberWire>> {
  if (change.role !== undefined && change.role !== "owner") await keepAnOwner(tx, projectId, id);
  const known = await lockMember(tx, projectId, id);
  if (!known) throw notFound("member");
  const row = await updateMember(tx, projectId, id, {
    ...(change.name !== undefined && { name: change.name }),
    ...(change.email !== undefined && { email: change.email }),
    ...(change.role !== undefined && { role: change.role }),
    updated_at: at,
  });
  if (!row) throw addressTaken();
  const sameKey = row.name === known.name && row.role === known.role;
  const keyIds = sameKey
    ? []
    : await changeKeysOf(tx, projectId, id, { name: row.name, scopes: scopesOfRole[row.role] });
  const keys = await keysOfMembers(tx, projectId, [id]);
  return { value: toMemberWire(row, keys.get(id)), keyIds };
}

/** Ends the member's keys with it. @throws Problem `not_found`, `last_owner` */
export async function removeMember(tx: Transaction<DB>, projectId: string, id: string): Promise<readonly string[]> {
  await keepAnOwner(tx, projectId, id);
  if (!(await deleteMember(tx, projectId, id))) throw notFound("member");
  return endKeysOf(tx, projectId, id, 0);
}

/** A new text; those before it end after the grace. @throws Problem `not_found` */
export async function rotateMemberKey(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  graceSeconds: number,
): Promise<Changed<MemberWithKeyWire>> {
  const row = await lockMember(tx, projectId, id);
  if (!row) throw notFound("member");
  const keyIds = await endKeysOf(tx, projectId, id, graceSeconds);
  return { value: await withNewKey(tx, row), keyIds };
}

/** @throws Problem when the member is the only owner left. */
async function keepAnOwner(tx: Transaction<DB>, projectId: string, id: string): Promise<void> {
  const owners = await lockOwners(tx, projectId);
  if (owners.length === 1 && owners[0] === id) {
    throw new Problem(
      "last_owner",
      "The last owner can be neither removed nor given another role. Make another first.",
    );
  }
}

async function withNewKey(tx: Transaction<DB>, row: MemberRow): Promise<MemberWithKeyWire> {
  const { row: key, text } = await createKey(tx, {
    projectId: row.project_id,
    name: row.name,
    kind: "secret",
    scopes: scopesOfRole[row.role],
    memberId: row.id,
  });
  const member = toMemberWire(row, key);
  return { ...member, key: { ...member.key, text } };
}

function addressTaken(): Problem {
  const detail = "Another member has this e-mail address.";
  return new Problem("already_exists", detail, { errors: [{ pointer: "/email", detail }] });
}
