import type { z } from "@hono/zod-openapi";
import type { dryRunWire } from "../../workflows/dry-run-schema.ts";
import { count, Moment, plural, Text } from "../format.tsx";
import { Table } from "../parts/table.tsx";

type DryRun = z.output<typeof dryRunWire>;

const words = (text: string) => text.replaceAll("_", " ");

/** What would have happened: step by step, and of a few customers. */
export function DryRunCard({ dry }: { dry: DryRun }) {
  return (
    <section class="card" data-test="dry-run">
      <h2>{`${plural(dry.began, "run")} would have begun, ${plural(dry.customers_reached, "customer")} reached`}</h2>
      <p class="muted">
        From <Moment at={dry.from} /> to <Moment at={dry.to} />: {plural(dry.events.count, "event")}
        {dry.truncated && `, of which the first ${count(dry.events.read)} were read`}
        {dry.cut_after !== null && `; its time was over after ${count(dry.cut_after)} of them, so there are more`}
        {dry.kept_out.conditions > 0 && `; ${count(dry.kept_out.conditions)} did not meet the conditions`}
        {dry.kept_out.entry > 0 && `; ${count(dry.kept_out.entry)} were kept out by the entry rule`}.
      </p>
      <Table
        caption="Steps of the dry run"
        rows={dry.steps}
        empty={null}
        columns={[
          {
            name: "Step",
            main: true,
            cell: (step) => (
              <>
                {`${step.position + 1}. `}
                <Text value={step.sentence} />
              </>
            ),
          },
          { name: "Reached", right: true, cell: (step) => count(step.reached) },
          { name: "Done", right: true, cell: (step) => count(step.done) },
          {
            name: "Withheld",
            cell: (step) =>
              Object.entries(step.withheld)
                .map(([reason, n]) => `${count(n)} ${words(reason)}`)
                .join(", ") || "–",
          },
        ]}
      />
      {dry.sample.length > 0 && (
        <>
          <h3>Some of them</h3>
          <ul class="plain-list">
            {dry.sample.map((one) => (
              <li>
                <Text value={one.customer.identifier} max={80} />{" "}
                <span class="muted small">
                  <Moment at={one.at} />
                  {": "}
                  {one.steps.map((step) => `${step.position + 1}. ${words(step.reason ?? step.outcome)}`).join(", ")}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
