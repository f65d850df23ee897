/** One subscription: what it is told of, how that goes, and what can be done when it goes badly. */
import type { z } from "zod";
import type { EventDeliveryWire, ReplayWire, SubscriptionWire } from "../../event-subscriptions/read.ts";
import { eventDeliveryStatuses, type testWire } from "../../event-subscriptions/schemas.ts";
import type { Page } from "../../http/pagination.ts";
import type { CampaignName } from "../campaign-names.ts";
import { count, Moment, plural, Text } from "../format.tsx";
import { Frame, Notice } from "../layout.tsx";
import { AttemptField } from "../parts/attempt.tsx";
import { Done } from "../parts/done.tsx";
import { TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Badge, Empty } from "../parts/states.tsx";
import { listAddress, Pager, Table } from "../parts/table.tsx";
import { Tabs } from "../parts/tabs.tsx";
import type { Viewer } from "../viewer.ts";
import { DeliveryState, list, State, subscriptionAddress, Types } from "./words.tsx";

const doneTexts = {
  changed: "Saved.",
  disabled: "It is disabled: it is told of nothing that happens from now on.",
  enabled: "It is active again, and what waited is sent. Replay the time in which it was disabled.",
};

interface SubscriptionProps {
  readonly viewer: Viewer;
  readonly subscription: SubscriptionWire;
  readonly deliveries: Page<EventDeliveryWire>;
  /** Of its filter. */
  readonly campaigns: readonly CampaignName[];
  readonly status: string | undefined;
  readonly cursor: string | undefined;
  readonly done?: string | undefined;
  readonly replay?: ReplayWire | undefined;
  readonly sheet?: Sheet;
  readonly replaySheet?: Sheet;
  readonly tested?: z.output<typeof testWire>;
}

export function SubscriptionPage(props: SubscriptionProps) {
  const { viewer, subscription, done, replay, sheet = freshSheet, tested } = props;
  const address = subscriptionAddress(subscription.id);
  const isActive = subscription.status === "active";
  return (
    <Frame title="Event subscription" viewer={viewer} place="event-subscriptions">
      <Head up={list} title={<Text value={subscription.url} max={80} />} beside={<State of={subscription} />}>
        <a class="button primary" href={`${address}/edit`}>
          Change
        </a>
        <Form viewer={viewer} action={`${address}/${isActive ? "disable" : "enable"}`}>
          <button class="button" type="submit">
            {isActive ? "Disable" : "Enable again"}
          </button>
        </Form>
        <a class="button danger" href={`${address}/delete`}>
          Delete
        </a>
      </Head>
      <Done done={done} texts={doneTexts} />
      <Faults sheet={sheet} />
      {tested && <Tested result={tested} />}
      {replay && (
        <Notice tone={replay.status === "done" ? "good" : "warn"}>
          <div>
            Replay of <Moment at={replay.from} /> to <Moment at={replay.to} />:{" "}
            {replay.status === "done" ? "done" : "running"}, {plural(replay.found, "event")} sent again.
          </div>
        </Notice>
      )}
      <div class="stack">
        <Facts {...props} />
        <Deliveries {...props} />
        <ReplayCard {...props} />
      </div>
    </Frame>
  );
}

const campaignsShown = 20;

function Facts({ viewer, subscription, campaigns }: SubscriptionProps) {
  const address = subscriptionAddress(subscription.id);
  const ids = subscription.filter?.campaign_ids ?? [];
  const nameOf = (id: string) => campaigns.find((campaign) => campaign.id === id)?.name ?? id;
  return (
    <section class="card">
      <dl class="facts">
        <dt>Told of</dt>
        <dd>
          <Types of={subscription} all /> {subscription.with_risk && <Badge tone="accent">with risk</Badge>}
        </dd>
        <dt>Campaigns</dt>
        <dd>
          {ids.length === 0 && "all"}
          {ids.slice(0, campaignsShown).map((id, at) => (
            <>
              {at > 0 && ", "}
              <Text value={nameOf(id)} max={60} />
            </>
          ))}
          {ids.length > campaignsShown && ` and ${ids.length - campaignsShown} more`}
        </dd>
        {subscription.description !== null && (
          <>
            <dt>Note</dt>
            <dd>
              <Text value={subscription.description} max={500} />
            </dd>
          </>
        )}
        <dt>Secret</dt>
        <dd>
          kept, never shown again
          {subscription.previous_secret_until !== null && (
            <>
              ; the one before signs too until <Moment at={subscription.previous_secret_until} />
            </>
          )}
        </dd>
        <dt>Id</dt>
        <dd>
          <code>{subscription.id}</code>
        </dd>
      </dl>
      <div class="row gap">
        <Form viewer={viewer} action={`${address}/test`} once>
          <button class="button" type="submit">
            Send a test
          </button>
        </Form>
        <a class="button" href={`${address}/rotate`}>
          New secret
        </a>
      </div>
    </section>
  );
}

function Deliveries({ subscription, deliveries, status, cursor }: SubscriptionProps) {
  const address = subscriptionAddress(subscription.id);
  return (
    <section class="card">
      <h2>What was sent</h2>
      <Tabs
        label="Deliveries by status"
        tabs={[undefined, ...eventDeliveryStatuses].map((one) => ({
          name: one ?? "all",
          to: listAddress(address, { status: one }),
          here: status === one,
        }))}
      />
      <Table
        caption="Deliveries"
        rows={deliveries.data}
        empty={<Empty title="Nothing yet" text="Nothing that was asked for. Delivered ones are kept for 7 days." />}
        columns={[
          {
            name: "Event",
            main: true,
            cell: (delivery) => (
              <a href={`${address}/deliveries/${encodeURIComponent(delivery.id)}`}>
                <Text value={delivery.type} />
              </a>
            ),
          },
          { name: "State", cell: (delivery) => <DeliveryState of={delivery} /> },
          { name: "Attempts", right: true, cell: ({ attempts }) => count(attempts.length) },
          {
            name: "Next",
            cell: ({ next_attempt_at: next }) => (next === null ? "–" : <Moment at={next} />),
          },
          { name: "Happened", cell: ({ occurred_at }) => <Moment at={occurred_at} /> },
        ]}
      />
      <Pager path={address} query={{ status }} cursor={cursor} next={deliveries.next_cursor} />
    </section>
  );
}

function ReplayCard({ viewer, subscription, replaySheet = freshSheet }: SubscriptionProps) {
  return (
    <section class="card" id="replay">
      <h2>Send a range of time again</h2>
      <Faults sheet={replaySheet} />
      <Form viewer={viewer} action={`${subscriptionAddress(subscription.id)}/replay`}>
        <AttemptField />
        <div class="fields">
          <TextField sheet={replaySheet} name="from" type="datetime-local" label="From (UTC)" required />
          <TextField sheet={replaySheet} name="to" type="datetime-local" label="Before (UTC)" required />
          <TextField
            sheet={replaySheet}
            name="types"
            label="Types"
            placeholder="redemption.*, voucher.published"
            hint="Empty: all that it is told of."
          />
        </div>
        <p class="muted small">
          Also of before it was made, and what was delivered already: under the same id, so that a receiver knows it.
          Events are kept for 7 days.
        </p>
        <p class="row gap">
          <button class="button" type="submit">
            Send them again
          </button>
        </p>
      </Form>
    </section>
  );
}

function Tested({ result }: { result: z.output<typeof testWire> }) {
  const { delivered, status, reason, duration_ms: duration, answer } = result;
  return (
    <Notice tone={delivered ? "good" : "bad"}>
      <div>
        <strong>{delivered ? "The test was taken." : "The test was not taken."}</strong>{" "}
        {status === null ? <Text value={(reason ?? "").replaceAll("_", " ")} /> : `HTTP ${status}`}, {count(duration)}{" "}
        ms
        {answer !== null && answer !== "" && (
          <div class="small">
            <Text value={answer} max={300} />
          </div>
        )}
      </div>
    </Notice>
  );
}
