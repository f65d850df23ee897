/** What became of a file of vouchers, bad rows with their lines. */
import type { z } from "@hono/zod-openapi";
import type { importWire } from "../../imports/wire.ts";
import { count, plural, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Head } from "../parts/head.tsx";
import { Empty, StatusBadge } from "../parts/states.tsx";
import { Table } from "../parts/table.tsx";
import type { Viewer } from "../viewer.ts";
import { importAddress, vouchersAddress } from "./addresses.ts";
import { Progress } from "./progress.tsx";

interface ImportProps {
  readonly viewer: Viewer;
  readonly of: z.output<typeof importWire>;
  readonly errors: readonly { readonly line: number; readonly field: string; readonly reason: string }[];
}

export function ImportResultPage(props: ImportProps) {
  const { viewer, of, errors } = props;
  const running = of.status === "running" || of.status === "receiving";
  return (
    <Frame title="Import" viewer={viewer} place="vouchers" scripts={running ? ["progress.js"] : []}>
      <Head up={{ to: vouchersAddress, name: "Vouchers" }} title="Import" beside={<StatusBadge status={of.status} />}>
        <a class="button" href="/console/vouchers/import">
          Another file
        </a>
      </Head>
      <div class="stack">
        <Progress done={of.imported + of.failed} of={of.rows_read} unit="row" running={running}>
          <p data-test="counts">{`${count(of.imported)} imported, ${count(of.failed)} left out.`}</p>
          {of.error !== null && (
            <p class="notice bad">
              <Text value={of.error} max={500} />
            </p>
          )}
        </Progress>
        <section class="card">
          <h2>Rows that were left out</h2>
          <Table
            caption="Rows that were left out"
            rows={errors}
            empty={<Empty title={running ? "None so far." : "None."} />}
            columns={[
              { name: "Line", right: true, cell: (row) => count(row.line) },
              { name: "Column", cell: (row) => <Text value={row.field === "" ? "the row" : row.field} max={60} /> },
              { name: "Why", main: true, cell: (row) => <Text value={row.reason} max={300} /> },
            ]}
          />
          {of.failed > errors.length && <p class="muted">{`The first ${plural(errors.length, "row")} of them.`}</p>}
          {of.failed > 0 && (
            <p class="row gap">
              <a class="button" href={`${importAddress(of.id)}/errors.csv`} download>
                Download all of them
              </a>
            </p>
          )}
        </section>
      </div>
    </Frame>
  );
}
