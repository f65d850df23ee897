import type { KeyRow } from "../keys/create-key.ts";
import type { MemberRow } from "./queries.ts";
import { scopesOfRole } from "./roles.ts";
import type { MemberWire, MemberWithKeyWire } from "./schemas.ts";

/** @param key the one the member signs in with: there is no member without one. */
export function toMemberWire(row: MemberRow, key: KeyRow | undefined): MemberWire {
  if (key === undefined) throw new Error(`member ${row.id} has no key`);
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    role: row.role,
    scopes: [...scopesOfRole[row.role]],
    key: { id: key.id, hint: key.hint, created_at: key.created_at.toISOString() },
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** What is stored for a replay: the text of a key is never written anywhere. */
export function withoutText(body: MemberWithKeyWire): MemberWithKeyWire {
  return { ...body, key: { ...body.key, text: null } };
}
