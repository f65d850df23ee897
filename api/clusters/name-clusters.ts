/** Which cluster keeps which id: a reviewer who comes back finds the cluster that they knew. */

export interface Known {
  readonly clusterId: string;
  /** Epoch milliseconds. */
  readonly firstSeenAt: number;
}

/**
 * An id goes on with the group that holds most of those who had it, so that a cluster that falls apart keeps its name
 * where most of it is. A group to which several ids come, as when clusters grow together, takes that of the oldest:
 * the one whose first account was seen first. A group to which none comes gets a new one.
 *
 * @param groups of customers, disjoint.
 * @param known whom customers belonged to until now.
 * @returns the ids, one for each group, all different.
 */
export function nameClusters(
  groups: readonly (readonly string[])[],
  known: ReadonlyMap<string, Known>,
  mint: () => string,
): string[] {
  const ages = agesOf(known);
  const claims = groups.map((group) => countIds(group, known));
  const heirs = heirsOf(claims);
  return claims.map((claim, group) => {
    const inherited = [...claim.keys()].filter((id) => heirs.get(id) === group);
    inherited.sort((a, b) => (ages.get(a) ?? 0) - (ages.get(b) ?? 0) || (a < b ? -1 : 1));
    return inherited[0] ?? mint();
  });
}

function agesOf(known: ReadonlyMap<string, Known>): Map<string, number> {
  const ages = new Map<string, number>();
  for (const { clusterId, firstSeenAt } of known.values()) {
    ages.set(clusterId, Math.min(ages.get(clusterId) ?? Number.POSITIVE_INFINITY, firstSeenAt));
  }
  return ages;
}

function countIds(group: readonly string[], known: ReadonlyMap<string, Known>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const customer of group) {
    const id = known.get(customer)?.clusterId;
    if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** Of each id, the group with most of those who had it; the first of equals. */
function heirsOf(claims: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const best = new Map<string, { group: number; count: number }>();
  for (const [group, claim] of claims.entries()) {
    for (const [id, count] of claim) if (count > (best.get(id)?.count ?? 0)) best.set(id, { group, count });
  }
  return new Map([...best].map(([id, { group }]) => [id, group]));
}
