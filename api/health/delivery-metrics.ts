/** What /metrics says of the way to the warehouse. Read at each scrape, from Postgres: any process may answer it. */
import { Gauge } from "prom-client";
import { alertKinds } from "../data-health/schemas.ts";
import { readDeliveryState } from "../data-health/state.ts";
import { readWaitingByKind, readWaitingJobs } from "../data-health/waiting.ts";
import type { Deps } from "../deps.ts";

/** @returns what sets the gauges; when Postgres does not answer they are left out, a number would be a lie. */
export function watchDelivery(deps: Pick<Deps, "pool" | "log" | "metrics">): () => Promise<void> {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [deps.metrics] });
  const lagRows = gauge("outbox_lag_rows", "Committed events not yet delivered to ClickHouse, counted up to 100000");
  const lagSeconds = gauge("outbox_oldest_seconds", "Age of the oldest event not yet delivered to ClickHouse");
  const deadLetters = gauge("dead_letters", "Events that could not be delivered, counted up to 100000");
  const drift = gauge("reconcile_drift_groups", "Groups of figures in which PostgreSQL and ClickHouse differ");
  const compared = gauge("reconcile_last_success_seconds", "Time since both stores were last compared");
  const ofConsumers = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ["consumer"], registers: [deps.metrics] });
  const consumerRows = ofConsumers(
    "consumer_lag_rows",
    "Committed events that a reader of the outbox has not gone over",
  );
  const consumerSeconds = ofConsumers("consumer_oldest_seconds", "Age of the oldest of them");
  const consumerFailures = ofConsumers("consumer_failures", "Events that a reader of the outbox has put aside");
  const labelled = (name: string, help: string, label: string) =>
    new Gauge({ name, help, labelNames: [label], registers: [deps.metrics] });
  const messages = labelled(
    "deliveries_waiting",
    "Messages to customers that wait, 10000 of a channel at most",
    "kind",
  );
  const messagesSeconds = labelled("deliveries_due_seconds", "How long the oldest of them is due", "kind");
  const jobs = labelled("jobs_waiting", "Jobs whose time has come and that nobody does yet, 100000 at most", "task");
  const jobsSeconds = labelled("jobs_due_seconds", "How long the oldest of them is due", "task");
  const alerts = new Gauge({
    name: "tessera_alert",
    help: "1 while the alert stands, 0 otherwise",
    labelNames: ["kind"],
    registers: [deps.metrics],
  });
  const read = async () => {
    try {
      const [state, byKind, byTask] = await Promise.all([
        readDeliveryState(deps.pool),
        readWaitingByKind(deps.pool),
        readWaitingJobs(deps.pool),
      ]);
      // What waited before and does not now is said by its absence.
      for (const each of [messages, messagesSeconds, jobs, jobsSeconds]) each.reset();
      for (const { kind, count, seconds } of byKind) {
        messages.set({ kind }, count);
        messagesSeconds.set({ kind }, seconds);
      }
      for (const { task, count, seconds } of byTask) {
        jobs.set({ task }, count);
        jobsSeconds.set({ task }, seconds);
      }
      lagRows.set(state.lag.rows);
      lagSeconds.set(state.lag.seconds);
      deadLetters.set(state.deadLetters);
      drift.set(state.driftGroups);
      for (const { name: consumer, rows, seconds, failures } of state.consumers) {
        consumerRows.set({ consumer }, rows);
        consumerSeconds.set({ consumer }, seconds);
        consumerFailures.set({ consumer }, failures);
      }
      if (state.comparedSecondsAgo === undefined) compared.remove();
      else compared.set(state.comparedSecondsAgo);
      for (const kind of alertKinds) alerts.set({ kind }, state.alerts.includes(kind) ? 1 : 0);
    } catch (error) {
      deps.log.warn({ err: error }, "the state of the delivery could not be read");
      for (const each of [lagRows, lagSeconds, deadLetters, drift, compared]) each.remove();
      const all = [
        alerts,
        consumerRows,
        consumerSeconds,
        consumerFailures,
        messages,
        messagesSeconds,
        jobs,
        jobsSeconds,
      ];
      for (const each of all) each.reset();
    }
  };
  // Whoever scrapes needs no key: of many at once each gets what one of them reads.
  let reading: Promise<void> | undefined;
  return () => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
}
