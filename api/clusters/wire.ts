/** A cluster of linked accounts, as the API and the pages show it. */
import { z } from "@hono/zod-openapi";

/** What accounts may be linked by, the strongest first. Networks and e-mail shapes say too little of who somebody is. */
export const linkKinds = ["card", "device", "address", "ip"] as const;
export type LinkKind = (typeof linkKinds)[number];

/** Shown of one cluster. A larger one has more; its figures count all of them. */
export const nodesMax = 200;
export const edgesMax = 500;

const amounts = z
  .record(z.string(), z.int())
  .openapi({ description: "By currency, in its minor units", example: { EUR: 12_900 } });

const summaryFields = {
  cluster_id: z.string().openapi({ example: "clu_01j9z3k8q0e2sby6v5x0c4m7dn" }),
  customers_count: z.int(),
  subjects: z
    .record(z.string(), z.int())
    .openapi({ description: "Shared cards, devices, addresses and IPs: how many of each kind" }),
  redemptions_count: z.int(),
  currency: z.string().openapi({ description: "The currency with most of the discount; empty where there is none" }),
  discount_amount: z.int().openapi({ description: "What still stands of the discounts in `currency`" }),
  discount_amounts: amounts,
  rejections_count: z.int(),
  reviews_open_count: z.int().openapi({ description: "Reviews of its accounts that nobody has decided" }),
  reviews_confirmed_count: z.int().openapi({ description: "Reviews of its accounts that were confirmed as abuse" }),
  growth_7d: z.int().openapi({ description: "Accounts first seen within the last 7 days" }),
  first_seen_at: z.string(),
  last_seen_at: z.string(),
};

export const clusterSummary = z.object(summaryFields).openapi("ClusterSummary");

const node = z.object({
  customer: z.string(),
  first_seen_at: z.string().openapi({ description: "When it was first seen with anything that links" }),
  last_seen_at: z.string(),
  redemptions_count: z.int(),
  currency: z.string(),
  discount_amount: z.int(),
  rejections_count: z.int(),
  risk_score_max: z.number().nullable(),
});

const edge = z.object({
  a: z.string(),
  b: z.string(),
  kind: z.enum(linkKinds),
  weight: z.number().openapi({ description: "0 to 1: less for kinds that say less, and where many share it" }),
});

const shared = z.object({
  kind: z.enum(linkKinds),
  label: z.string().openapi({ description: "Tells things of a kind apart; made from a keyed hash", example: "3fa9c1" }),
  customers: z.array(z.string()),
});

export const clusterWire = z
  .object({
    ...summaryFields,
    nodes: z.array(node).openapi({ description: `At most ${nodesMax}: those with the largest discounts` }),
    edges: z.array(edge).openapi({ description: `At most ${edgesMax}: who shares what, the strongest first` }),
    shared: z.array(shared).openapi({ description: "What the nodes share, and who of them" }),
  })
  .openapi("Cluster");

export type ClusterSummary = z.output<typeof clusterSummary>;
export type Cluster = z.output<typeof clusterWire>;
export type ClusterNode = z.output<typeof node>;
export type ClusterEdge = z.output<typeof edge>;
export type SharedSubject = z.output<typeof shared>;
