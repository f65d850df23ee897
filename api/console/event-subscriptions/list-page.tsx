/** Who is told of what happens: all subscriptions to events. */
import type { SubscriptionWire } from "../../event-subscriptions/read.ts";
import type { Page } from "../../http/pagination.ts";
import { Moment, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Done } from "../parts/done.tsx";
import { Head } from "../parts/head.tsx";
import { Empty } from "../parts/states.tsx";
import { Pager, Table } from "../parts/table.tsx";
import type { Viewer } from "../viewer.ts";
import { list, State, subscriptionAddress, Types } from "./words.tsx";

interface ListProps {
  readonly viewer: Viewer;
  readonly page: Page<SubscriptionWire>;
  readonly cursor: string | undefined;
  readonly done: string | undefined;
}

export function SubscriptionsPage({ viewer, page, cursor, done }: ListProps) {
  const make = (
    <a class="button primary" href={`${list.to}/new`}>
      Subscribe to events
    </a>
  );
  return (
    <Frame title={list.name} viewer={viewer} place="event-subscriptions">
      <Head title={list.name} text="Systems of yours that are told of what happens, each event in a signed request.">
        {make}
      </Head>
      <Done done={done} texts={{ deleted: "The subscription was deleted. What waited for it is sent no more." }} />
      <section class="card">
        <Table
          caption={list.name}
          rows={page.data}
          empty={
            <Empty title="Nobody is told yet" text="A shop or a data warehouse subscribes to the events it wants.">
              {make}
            </Empty>
          }
          columns={[
            {
              name: "Receiver",
              main: true,
              cell: (one) => (
                <>
                  <a href={subscriptionAddress(one.id)}>
                    <Text value={one.url} max={100} />
                  </a>
                  {one.description !== null && (
                    <div class="small muted">
                      <Text value={one.description} max={120} />
                    </div>
                  )}
                </>
              ),
            },
            { name: "State", cell: (one) => <State of={one} /> },
            { name: "Told of", cell: (one) => <Types of={one} /> },
            { name: "Made", cell: (one) => <Moment at={one.created_at} /> },
          ]}
        />
        <Pager path={list.to} query={{}} cursor={cursor} next={page.next_cursor} />
      </section>
    </Frame>
  );
}
