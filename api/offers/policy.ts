/** How a project wants offers to be ranked, and which arm of its comparison a customer is in. Pure. */
import { z } from "@hono/zod-openapi";
import { murmur3 } from "../domain/holdout.ts";

/** champion, challenger: by a model's expected value. popularity: by redemption rate. random: any order. */
export const arms = ["champion", "challenger", "popularity", "random"] as const;
export type Arm = (typeof arms)[number];

const percent = z.int().min(0).max(100);

const shares = z
  .strictObject({
    champion: percent.default(0),
    challenger: percent.default(0),
    popularity: percent.default(0),
    random: percent.default(0),
  })
  .refine((each) => arms.reduce((sum, arm) => sum + each[arm], 0) === 100, "Expected shares that sum to 100")
  .openapi({
    description:
      "Share of the customers that each policy ranks for, in percent; together 100. A customer stays in their arm for as long as the shares do. The challenger is the newest challenger of the registry; while there is none, the champion ranks for its customers.",
  });

export const offerPolicySettings = z
  .strictObject({
    arms: shares.default({ champion: 100, challenger: 0, popularity: 0, random: 0 }),
    exploration_percent: z.number().min(0).max(50).default(5).openapi({
      description:
        "So many percent of the decisions are shown in an order drawn at random, so that other policies can be judged by the log. 0: never.",
    }),
    diversity: z.number().min(0).max(1).default(0.1).openapi({
      description: "0: by value alone. 1: each next offer is the one least like those before it.",
    }),
    frequency_cap: z
      .strictObject({ max: z.int().min(1).max(1000), days: z.int().min(1).max(90) })
      .nullable()
      .default(null)
      .openapi({ description: "A customer is offered a campaign at most `max` times in any `days` days." }),
    budget_pacing: z.boolean().default(true).openapi({
      description: "Campaigns that spend their budget faster than their time passes must earn more to be offered.",
    }),
    assumed_margin_percent: z.number().min(0).max(100).default(30).openapi({
      description: "What the shop earns of a basket whose costs it does not say, before the discount.",
    }),
  })
  .openapi("OfferPolicySettings", { example: { arms: { champion: 80, popularity: 20 }, exploration_percent: 5 } });
export type OfferPolicySettings = z.output<typeof offerPolicySettings>;

export const defaultSettings: OfferPolicySettings = offerPolicySettings.parse({});

export interface OfferPolicy {
  /** 0: the defaults. Changes with the settings. */
  readonly version: number;
  readonly settings: OfferPolicySettings;
}

/**
 * Where a customer stands among the arms, 0 to 99.99: the same for ever, and independent of every holdout. In SQL:
 * `murmurHash3_32(concat(project_id, '\0offers\0', customer)) % 10000 / 100`.
 */
export function armBucket(projectId: string, customer: string): number {
  return (murmur3(`${projectId}\u0000offers\u0000${customer}`) % 10_000) / 100;
}

/** The arms lie one after the other, in the order of `arms`. */
export function armOf(projectId: string, customer: string, shares: OfferPolicySettings["arms"]): Arm {
  const bucket = armBucket(projectId, customer);
  let end = 0;
  for (const arm of arms) {
    end += shares[arm];
    if (bucket < end) return arm;
  }
  return "champion";
}

/** Uniform draws in [0, 1) that a decision repeats: the same id always explores in the same way. */
export function drawsOf(decisionId: string): () => number {
  let draw = 0;
  return () => {
    draw += 1;
    return murmur3(`${decisionId}\u0000${draw}`) / 4_294_967_296;
  };
}
