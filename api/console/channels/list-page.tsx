/** Ways to reach customers: all of them. */
import type { ChannelWire } from "../../channels/schemas.ts";
import type { Page } from "../../http/pagination.ts";
import { count, Moment, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Done } from "../parts/done.tsx";
import { Head } from "../parts/head.tsx";
import { Badge, Empty } from "../parts/states.tsx";
import { listAddress, Pager, Table } from "../parts/table.tsx";
import { Tabs } from "../parts/tabs.tsx";
import type { Viewer } from "../viewer.ts";
import { type Kind, kindWords } from "./kinds.ts";

export const list = { to: "/console/channels", name: "Channels" };

export const channelAddress = (id: string) => `${list.to}/${encodeURIComponent(id)}`;

interface ListProps {
  readonly viewer: Viewer;
  readonly page: Page<ChannelWire>;
  readonly kinds: readonly Kind[];
  readonly kind: Kind | undefined;
  readonly cursor: string | undefined;
  readonly done: string | undefined;
}

export function ChannelsPage({ viewer, page, kinds, kind, cursor, done }: ListProps) {
  const make = (
    <a class="button primary" href={listAddress(`${list.to}/new`, { kind })}>
      New channel
    </a>
  );
  return (
    <Frame title="Channels" viewer={viewer} place="channels">
      <Head title="Channels" text="Ways to reach customers: workflows and publications send their messages over them.">
        {make}
      </Head>
      <Done
        done={done}
        texts={{ deleted: "The channel was deleted, and its credentials with it. Its deliveries stay in the log." }}
      />
      <Tabs
        label="Channels by kind"
        tabs={[undefined, ...kinds].map((one) => ({
          name: one === undefined ? "all" : kindWords(one).name,
          to: listAddress(list.to, { kind: one }),
          here: kind === one,
        }))}
      />
      <section class="card">
        <Table
          caption="Channels"
          rows={page.data}
          empty={
            <Empty
              title={kind === undefined ? "No channels yet" : "None of this kind"}
              text="A channel is a mail server, a provider of text messages, a system of yours, or your shop's own pages."
            >
              {make}
            </Empty>
          }
          columns={[
            {
              name: "Channel",
              main: true,
              cell: (channel) => (
                <a href={channelAddress(channel.id)}>
                  <Text value={channel.name} />
                </a>
              ),
            },
            { name: "Kind", cell: (channel) => kindWords(channel.kind).name },
            { name: "State", cell: (channel) => <State channel={channel} /> },
            { name: "Rate", cell: (channel) => <Rate channel={channel} /> },
            { name: "Made", cell: (channel) => <Moment at={channel.created_at} /> },
          ]}
        />
        <Pager path={list.to} query={{ kind }} cursor={cursor} next={page.next_cursor} />
      </section>
    </Frame>
  );
}

export function State({ channel }: { channel: ChannelWire }) {
  return channel.enabled ? <Badge tone="good">on</Badge> : <Badge tone="warn">paused</Badge>;
}

export function Rate({ channel: { rate_limit: rate } }: { channel: ChannelWire }) {
  if (rate === null) return <span class="muted">no limit</span>;
  return <>{`${count(rate.count)} in ${count(rate.seconds)} s, ${count(rate.burst)} at once`}</>;
}
