/** Clusters of linked accounts are those that a plain search over who shares what finds; as they grow, merge and end. */
import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { listClusters } from "../../api/clusters/list.ts";
import { readCluster, readClusterById, readClusterSizes } from "../../api/clusters/read.ts";
import { refreshClusters } from "../../api/clusters/refresh.ts";
import type { LinkKind } from "../../api/clusters/wire.ts";
import { forgetCustomers, refreshCustomers } from "../../warehouse/refresh-customers.ts";
import { randomFrom } from "../support/mixture/random.ts";
import { useStores } from "../support/stores.ts";
import { readMart } from "./read-mart.ts";

const stores = useStores();
const dayMs = 86_400_000;
const newProject = () => `prj_${randomUUID()}`;

interface Seen {
  readonly customer: string;
  readonly kind: LinkKind;
  readonly subject: string;
  /** Days before now. */
  readonly ago?: number;
  readonly discount?: number;
  readonly currency?: string;
}

async function see(project: string, seen: readonly Seen[]): Promise<void> {
  await stores.warehouse.insert({
    table: "events_raw",
    values: seen.map(({ customer, kind, subject, ago = 1, discount = 0, currency = "EUR" }) => {
      const at = new Date(Date.now() - ago * dayMs).toISOString();
      const id = randomUUID();
      return {
        project_id: project,
        event_id: id,
        type: "redemption.succeeded",
        version: 1,
        occurred_at: at,
        recorded_at: at,
        customer,
        subject_id: id,
        redemption_id: id,
        order_id: id,
        currency,
        discount_amount: discount,
        signals: { [kind]: subject },
      };
    }),
    format: "JSONEachRow",
  });
}

/** Customer to cluster id. */
async function clustersOf(project: string): Promise<Map<string, string>> {
  const rows = await readMart(stores, "linked_accounts", project, "customer");
  return new Map(rows.map((row) => [String(row.customer), String(row.cluster_id)]));
}

/** The groups alone, in one order. */
function groupsOf(clusters: ReadonlyMap<string, string>): string[][] {
  const groups = new Map<string, string[]>();
  for (const [customer, id] of clusters) groups.set(id, [...(groups.get(id) ?? []), customer]);
  return inOrder([...groups.values()]);
}

const inOrder = (groups: string[][]) =>
  groups.map((group) => group.sort()).sort((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1));

/** Joins whoever shares something that not too many share, again and again until nothing changes. */
function groupsByHand(seen: readonly Seen[]): string[][] {
  const subjects = new Map<string, Set<string>>();
  for (const { customer, kind, subject, ago = 1 } of seen) {
    if (ago > 90) continue;
    const key = `${kind} ${subject}`;
    subjects.set(key, (subjects.get(key) ?? new Set()).add(customer));
  }
  const linking = [...subjects].filter(([key, who]) => who.size > 1 && who.size <= (key.startsWith("ip ") ? 20 : 50));
  let groups = linking.map(([, who]) => new Set(who));
  for (let changed = true; changed; ) {
    changed = false;
    const joined: Set<string>[] = [];
    for (const group of groups) {
      const other = joined.find((known) => [...group].some((customer) => known.has(customer)));
      if (other) {
        for (const customer of group) other.add(customer);
        changed = true;
      } else joined.push(group);
    }
    groups = joined;
  }
  return inOrder(groups.map((group) => [...group]));
}

it("finds the groups that a search by hand finds, on random graphs that grow", async () => {
  const { below, one } = randomFrom(6);
  const kinds: LinkKind[] = ["card", "device", "address", "ip"];
  for (const [customers, subjects, sightings] of [
    [60, 50, 60],
    [300, 260, 500],
    [200, 12, 900],
  ] as const) {
    const project = newProject();
    const all: Seen[] = Array.from({ length: sightings }, () => ({
      customer: `c${below(customers)}`,
      kind: one(kinds),
      subject: `s${below(subjects)}`,
      ago: below(100) + 0.5,
    }));
    const half = all.slice(0, sightings / 2);
    await see(project, half);
    await refreshClusters(stores.warehouse);
    expect(groupsOf(await clustersOf(project))).toEqual(groupsByHand(half));
    await see(project, all.slice(sightings / 2));
    await refreshClusters(stores.warehouse);
    const groups = groupsOf(await clustersOf(project));
    expect(groups).toEqual(groupsByHand(all));
    expect(groups.length).toBeGreaterThan(0);
  }
});

it("computes nothing where nothing new was linked, and repeats itself without a change", async () => {
  const project = newProject();
  const pair: Seen[] = ["ann", "bob"].map((customer) => ({ customer, kind: "card", subject: "one" }));
  await see(project, pair);
  await refreshClusters(stores.warehouse, { whole: false });
  const before = await clustersOf(project);
  expect([...before.keys()]).toEqual(["ann", "bob"]);
  await see(project, [...pair, { customer: "cleo", kind: "card", subject: "her own" }]);
  expect(await refreshClusters(stores.warehouse, { whole: false })).toMatchObject({ projects: 0, accounts: 0 });
  // What is too old to link is forgotten when the server gets round to it, and with it when an account was seen first.
  await stores.warehouse.command({ query: "OPTIMIZE TABLE account_subjects FINAL" });
  await refreshClusters(stores.warehouse, { whole: true });
  expect(await refreshClusters(stores.warehouse, { whole: true })).toMatchObject({ accounts: 0, whole: true });
  expect(await clustersOf(project)).toEqual(before);
});

it("writes down no pass that was ended before its last project was computed", async () => {
  const project = newProject();
  await see(
    project,
    ["ann", "bob"].map((customer) => ({ customer, kind: "card", subject: "one" })),
  );
  const end = new AbortController();
  // As a worker does that is told to end while it waits for the lock.
  const guard = async () => end.abort();
  const ended = await refreshClusters(stores.warehouse, { whole: false, signal: end.signal, guard });
  expect(ended).toMatchObject({ projects: 0, accounts: 0 });
  await refreshClusters(stores.warehouse, { whole: false });
  expect([...(await clustersOf(project)).keys()]).toEqual(["ann", "bob"]);
});

it("links nobody by what too many share, and lets go when it becomes too many", async () => {
  const project = newProject();
  const share = (kind: LinkKind, from: number, upto: number): Seen[] =>
    Array.from({ length: upto - from }, (_, at) => ({ customer: `${kind}-${from + at}`, kind, subject: "one" }));
  await see(project, [...share("ip", 0, 20), ...share("device", 0, 50)]);
  await refreshClusters(stores.warehouse);
  expect(
    groupsOf(await clustersOf(project))
      .map((group) => group.length)
      .sort(),
  ).toEqual([20, 50]);
  // As if those were settled long ago.
  await age(project);
  await see(project, [...share("ip", 20, 21), ...share("device", 50, 51)]);
  const { projects } = await refreshClusters(stores.warehouse, { whole: false });
  expect(projects).toBeGreaterThan(0);
  expect(await clustersOf(project)).toEqual(new Map());
  expect(await readMart(stores, "linked_edges", project, "customer_a")).toEqual([]);
});

/** Rewrites when the warehouse first heard of what it knows of the project. */
async function age(project: string): Promise<void> {
  await stores.warehouse.command({
    query: `INSERT INTO account_subjects SELECT * REPLACE (indexed_at - 3600 AS indexed_at) FROM account_subjects WHERE project_id = {project: String}`,
    query_params: { project },
  });
}

it("keeps the older cluster's id when two grow together, and the larger part's when one falls apart", async () => {
  const project = newProject();
  await see(project, [
    { customer: "old-1", kind: "card", subject: "a", ago: 40 },
    { customer: "old-2", kind: "card", subject: "a", ago: 40 },
    { customer: "new-1", kind: "device", subject: "b", ago: 3 },
    { customer: "new-2", kind: "device", subject: "b", ago: 3 },
    { customer: "new-3", kind: "device", subject: "b", ago: 3 },
  ]);
  await refreshClusters(stores.warehouse);
  const apart = await clustersOf(project);
  expect(apart.get("old-1")).not.toBe(apart.get("new-1"));
  const bridge: Seen[] = [
    { customer: "old-2", kind: "address", subject: "c" },
    { customer: "new-1", kind: "address", subject: "c" },
  ];
  await see(project, bridge);
  await refreshClusters(stores.warehouse);
  const together = await clustersOf(project);
  expect(new Set(together.values())).toEqual(new Set([apart.get("old-1")]));
  expect(await readClusterById(stores.warehouse, project, apart.get("new-1") ?? "")).toBeNull();

  // The bridge is lost: whoever shared the address is taken from it.
  await stores.warehouse.command({
    query: "DELETE FROM account_subjects WHERE project_id = {project: String} AND kind = 'address'",
    query_params: { project },
    clickhouse_settings: { lightweight_deletes_sync: "2" },
  });
  await refreshClusters(stores.warehouse, { whole: true });
  const again = await clustersOf(project);
  expect(again.get("new-1")).toBe(apart.get("old-1"));
  expect(again.get("new-3")).toBe(again.get("new-1"));
  expect(again.get("old-1")).toBe(again.get("old-2"));
  expect(again.get("old-1")).not.toBe(again.get("new-1"));
});

it("shows each project its own: the same card in two shops links nobody", async () => {
  const [one, other] = [newProject(), newProject()];
  await see(one, [{ customer: "ann", kind: "card", subject: "same" }]);
  await see(other, [
    { customer: "bob", kind: "card", subject: "same" },
    { customer: "cleo", kind: "card", subject: "same" },
  ]);
  await refreshClusters(stores.warehouse);
  expect(await clustersOf(one)).toEqual(new Map());
  const theirs = await clustersOf(other);
  expect([...theirs.keys()]).toEqual(["bob", "cleo"]);
  expect(await readClusterById(stores.warehouse, one, theirs.get("bob") ?? "")).toBeNull();
  expect(await readCluster(stores.warehouse, one, "bob")).toBeNull();
  expect((await readClusterSizes(stores.warehouse, one, ["ann", "bob"])).size).toBe(0);
});

it("takes whoever was erased out, and tells the rest apart that only they joined", async () => {
  const project = newProject();
  await see(project, [
    { customer: "ann", kind: "card", subject: "a" },
    { customer: "gone", kind: "card", subject: "a" },
    { customer: "gone", kind: "device", subject: "b" },
    { customer: "bob", kind: "device", subject: "b" },
    { customer: "cleo", kind: "device", subject: "b" },
  ]);
  await refreshClusters(stores.warehouse);
  expect(groupsOf(await clustersOf(project))).toEqual([["ann", "bob", "cleo", "gone"]]);
  await forgetCustomers(stores.warehouse, project, ["gone"]);
  expect((await clustersOf(project)).has("gone")).toBe(false);
  await refreshClusters(stores.warehouse, { whole: false });
  expect(groupsOf(await clustersOf(project))).toEqual([["bob", "cleo"]]);
  const edges = await readMart(stores, "linked_edges", project, "customer_a");
  expect(edges.map((row) => [row.customer_a, row.customer_b])).toEqual([["bob", "cleo"]]);
});

it("counts a cluster's money by currency, its growth, and what is shared of each kind", async () => {
  const project = newProject();
  await see(project, [
    { customer: "ann", kind: "card", subject: "a", ago: 30, discount: 900 },
    { customer: "bob", kind: "card", subject: "a", ago: 20, discount: 100 },
    { customer: "bob", kind: "ip", subject: "b", ago: 2, discount: 50 },
    { customer: "cleo", kind: "ip", subject: "b", ago: 2, discount: 300, currency: "USD" },
    { customer: "dan", kind: "device", subject: "c", discount: 10_000 },
    { customer: "eve", kind: "device", subject: "c" },
  ]);
  await refreshCustomers(stores.warehouse);
  await refreshClusters(stores.warehouse);
  const cluster = await readCluster(stores.warehouse, project, "cleo");
  expect(cluster).toMatchObject({
    customers_count: 3,
    subjects: { card: 1, device: 0, address: 0, ip: 1 },
    redemptions_count: 4,
    currency: "EUR",
    discount_amount: 1_050,
    discount_amounts: { EUR: 1_050, USD: 300 },
    growth_7d: 1,
    nodes: [{ customer: "ann" }, { customer: "cleo" }, { customer: "bob" }],
    edges: [
      { a: "ann", b: "bob", kind: "card", weight: 1 },
      { a: "bob", b: "cleo", kind: "ip", weight: 0.3 },
    ],
    shared: [
      { kind: "card", customers: ["ann", "bob"] },
      { kind: "ip", customers: ["bob", "cleo"] },
    ],
  });
  expect((await readClusterSizes(stores.warehouse, project, ["bob", "nobody"])).get("bob")?.customers_count).toBe(3);
  const byMoney = await listClusters(stores.warehouse, project, { sort: "money", limit: 1 });
  expect(byMoney.data.map((row) => row.discount_amount)).toEqual([10_000]);
  const next = await listClusters(stores.warehouse, project, {
    sort: "money",
    limit: 1,
    cursor: byMoney.next_cursor ?? "",
  });
  expect(next).toMatchObject({ data: [{ discount_amount: 1_050 }], next_cursor: null });
});
