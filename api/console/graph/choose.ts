/** Which part of a cluster is drawn: the accounts nearest to the one that is looked at, and what they share. */
import type { Cluster, SharedSubject } from "../../clusters/wire.ts";

/** Accounts and shared things together: more is a cloud that nobody can read. */
const drawnMax = 60;

export interface Drawn {
  /** The one that is looked at first, where there is one. */
  readonly customers: readonly string[];
  readonly shared: readonly SharedSubject[];
  /** What is not drawn. */
  readonly left: { readonly customers: number };
}

export function chooseDrawn(cluster: Pick<Cluster, "customers_count" | "nodes" | "shared">, self?: string): Drawn {
  const start = self ?? cluster.nodes[0]?.customer;
  const customers = new Set<string>(start === undefined ? [] : [start]);
  const shared = new Set<SharedSubject>();
  // Ever further out; of what is equally near, the strongest first, which is how they come.
  for (let grown = true; grown; ) {
    grown = false;
    for (const subject of cluster.shared) {
      if (shared.has(subject) || !subject.customers.some((customer) => customers.has(customer))) continue;
      const fresh = subject.customers.filter((customer) => !customers.has(customer));
      const room = drawnMax - customers.size - shared.size - 1;
      if (room < 0 || (fresh.length > 0 && room < 1)) continue;
      shared.add(subject);
      for (const customer of fresh.slice(0, room)) customers.add(customer);
      grown = true;
    }
  }
  return {
    customers: [...customers],
    shared: [...shared].map((subject) => ({
      ...subject,
      customers: subject.customers.filter((customer) => customers.has(customer)),
    })),
    left: { customers: Math.max(0, cluster.customers_count - customers.size) },
  };
}
