/** All publications to many. */
import type { Page } from "../../http/pagination.ts";
import type { JobWire } from "../../publications/jobs/schemas.ts";
import { count, Moment, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Head } from "../parts/head.tsx";
import { Empty, StatusBadge } from "../parts/states.tsx";
import { Pager, Table } from "../parts/table.tsx";
import type { Viewer } from "../viewer.ts";
import { jobAddress, list, skippedOf, skippedWords } from "./words.tsx";

interface ListProps {
  readonly viewer: Viewer;
  readonly page: Page<JobWire>;
  readonly campaigns: ReadonlyMap<string, string>;
  readonly segments: ReadonlyMap<string, string>;
  readonly cursor: string | undefined;
}

export function PublicationsPage({ viewer, page, campaigns, segments, cursor }: ListProps) {
  const order = (
    <a class="button primary" href={`${list.to}/new`}>
      Publish to many
    </a>
  );
  return (
    <Frame title={list.name} viewer={viewer} place="publications">
      <Head
        title={list.name}
        text="A voucher for each customer of a segment, or of a file. One job gives each of them one."
      >
        {order}
      </Head>
      <section class="card">
        <Table
          caption={list.name}
          rows={page.data}
          empty={
            <Empty title="Nothing was published to many yet" text="A job hands out vouchers in the background.">
              {order}
            </Empty>
          }
          columns={[
            {
              name: "Job",
              main: true,
              cell: (job) => (
                <a href={jobAddress(job.id)}>
                  <Text value={job.name ?? job.id} max={60} />
                </a>
              ),
            },
            {
              name: "Campaign",
              cell: (job) => <Text value={campaigns.get(job.campaign_id) ?? job.campaign_id} max={50} />,
            },
            {
              name: "To",
              cell: ({ segment_id }) =>
                segment_id === null ? "a list" : <Text value={segments.get(segment_id) ?? segment_id} max={50} />,
            },
            { name: "State", cell: ({ status }) => <StatusBadge status={status} /> },
            {
              name: "Done",
              right: true,
              cell: (job) => `${count(job.published + skippedOf(job))} of ${count(job.total)}`,
            },
            { name: "Published", right: true, cell: (job) => count(job.published) },
            { name: "Got nothing", cell: skippedWords },
            { name: "Rows refused", right: true, cell: (job) => count(job.failed) },
            { name: "Ordered", cell: ({ created_at }) => <Moment at={created_at} /> },
          ]}
        />
        <Pager path={list.to} query={{}} cursor={cursor} next={page.next_cursor} />
      </section>
    </Frame>
  );
}
