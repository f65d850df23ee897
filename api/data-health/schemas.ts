/** How far the warehouse can be trusted, on the wire. */
import { z } from "@hono/zod-openapi";

const at = z.iso.datetime();
const count = z.int().min(0);
/** Sums of any size, so text. */
const figure = z.string().regex(/^-?\d+$/);

const figures = z.object({ count: figure, amount: figure });

export const alertKinds = [
  "reconciliation_drift",
  "reconciliation_overdue",
  "ingest_lag",
  "dead_letters",
  "model_training",
  "model_drift",
  "reviews_overdue",
  "low_stock",
  "deliveries_late",
] as const;
export type AlertKind = (typeof alertKinds)[number];

/** Who else follows the events: the signals of risk, the queue of reviews. Of all projects. */
const consumerWire = z.object({
  name: z.string().openapi({ example: "signals" }),
  rows: count.openapi({ description: "Committed events not gone over yet, counted up to 100,000" }),
  seconds: z.number().min(0).openapi({ description: "Age of the oldest of them: how fresh what it feeds is" }),
  failures: count.openapi({ description: "Events put aside because they could not be handled" }),
});

export const consumersWire = z
  .object({
    consumers: z.array(consumerWire),
    late_scores_waiting: count.openapi({
      description: "Suspect attempts of the project for which earlier redemptions are still to be scored again",
    }),
  })
  .openapi("EventConsumers");

export const dataHealthWire = z
  .object({
    as_of: at,
    ingest_lag: z
      .object({ rows: count, seconds: z.number().min(0) })
      .openapi({ description: "Committed events that the warehouse does not have yet, of all projects" }),
    consumers: z
      .array(
        consumerWire.extend({
          standing: z.boolean().openapi({ description: "It has not moved for 30 days: the outbox grows" }),
        }),
      )
      .openapi({ description: "Readers of the events inside PostgreSQL, of all projects" }),
    events: z.array(
      z.object({
        type: z.string(),
        count,
        first_occurred_at: at,
        last_occurred_at: at,
        last_recorded_at: at,
      }),
    ),
    deliveries: z
      .object({
        waiting: count.openapi({
          description: "Messages to customers that are ordered and not gone yet, up to 100,000",
        }),
        oldest_seconds: z.number().min(0).openapi({ description: "Age of the oldest of them" }),
      })
      .openapi({ description: "They wait for a rate limit, for another attempt, or for workers that do not run" }),
    dead_letters: z
      .object({
        count,
        newest: z.object({ event_id: z.string(), type: z.string(), error: z.string(), failed_at: at }).nullable(),
      })
      .openapi({ description: "Events of this project that could not be delivered" }),
    reconciliation: z
      .object({
        at: at.nullable().openapi({ description: "The last comparison of both stores; null before the first" }),
        full_at: at.nullable().openapi({ description: "The last comparison of everything, not only of recent days" }),
        groups: count.openapi({ description: "Groups that the last one compared, of all projects" }),
        drifts_count: count,
        drifts: z.array(
          z.object({
            check: z.string(),
            key: z.string(),
            day: z.string().openapi({ description: "YYYY-MM-DD, or empty where the check has no day" }),
            postgres: figures,
            warehouse: figures,
            found_at: at,
          }),
        ),
      })
      .openapi({ description: "Where both stores differ for this project; at most 100 drifts are listed" }),
    models: z
      .array(
        z.object({
          name: z.string(),
          version: z.string(),
          source: z.enum(["project", "product"]),
          recent_count: count.openapi({ description: "Vectors logged in the 7 days before the look" }),
          reference_count: count.nullable().openapi({
            description: "Rows that the version learned from; null: it keeps none, so nothing is known",
          }),
          score_psi: z.number().nullable(),
          moved_features: z.array(z.string()).openapi({
            description: "Beyond a population stability index of 0.25, what moved most first; at most 100",
          }),
          at: at.openapi({ description: "Of the look; models are looked at every half hour" }),
        }),
      )
      .openapi({ description: "How far what the serving models are asked lies from what they learned from" }),
    alerts: z.array(z.object({ kind: z.enum(alertKinds), since: at, detail: z.string(), resolved_at: at.nullable() })),
  })
  .openapi("DataHealth", {
    example: {
      as_of: "2026-11-22T10:00:00.000Z",
      ingest_lag: { rows: 0, seconds: 0 },
      consumers: [{ name: "signals", rows: 12, seconds: 0.3, failures: 0, standing: false }],
      events: [
        {
          type: "redemption.succeeded",
          count: 120_431,
          first_occurred_at: "2025-01-02T08:11:00.000Z",
          last_occurred_at: "2026-11-22T09:59:58.120Z",
          last_recorded_at: "2026-11-22T09:59:58.131Z",
        },
      ],
      deliveries: { waiting: 3, oldest_seconds: 0.8 },
      dead_letters: { count: 0, newest: null },
      reconciliation: {
        at: "2026-11-22T09:59:20.000Z",
        full_at: "2026-11-22T03:00:12.000Z",
        groups: 412,
        drifts_count: 0,
        drifts: [],
      },
      models: [],
      alerts: [],
    },
  });
export type DataHealth = z.output<typeof dataHealthWire>;
