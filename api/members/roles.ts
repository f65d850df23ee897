import { type Scope, scopes } from "../http/environment.ts";

export const roles = ["owner", "manager", "cashier", "analyst", "reviewer"] as const;
export type Role = (typeof roles)[number];

/** What a role may do: the scopes of the member's key. docs/members.md says it for people. */
export const scopesOfRole: Readonly<Record<Role, readonly Scope[]>> = {
  owner: scopes,
  manager: ["checkout", "manage", "analytics", "import"],
  cashier: ["checkout"],
  analyst: ["analytics"],
  reviewer: ["review"],
};
