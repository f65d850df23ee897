/** One event on its way, the secret that is shown once, and the questions before it is replaced or all is deleted. */
import type { Child } from "hono/jsx";
import type { EventDeliveryWire, SubscriptionWire } from "../../event-subscriptions/read.ts";
import { count, Moment, Text } from "../format.tsx";
import { Frame, Notice } from "../layout.tsx";
import { AttemptField } from "../parts/attempt.tsx";
import { ConfirmPage } from "../parts/confirm-page.tsx";
import { Done } from "../parts/done.tsx";
import { SelectField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Empty, StatusBadge } from "../parts/states.tsx";
import { Table } from "../parts/table.tsx";
import type { Viewer } from "../viewer.ts";
import { DeliveryState, subscriptionAddress } from "./words.tsx";

const place = "event-subscriptions";

interface OneProps {
  readonly viewer: Viewer;
  readonly subscription: SubscriptionWire;
  readonly sheet?: Sheet;
}

const upTo = ({ id }: SubscriptionWire) => ({ to: subscriptionAddress(id), name: "Subscription" });

interface DeliveryProps extends OneProps {
  readonly delivery: EventDeliveryWire;
  readonly done?: string | undefined;
}

export function EventDeliveryPage({ viewer, subscription, delivery, done, sheet = freshSheet }: DeliveryProps) {
  const address = `${subscriptionAddress(subscription.id)}/deliveries/${encodeURIComponent(delivery.id)}`;
  return (
    <Frame title={delivery.type} viewer={viewer} place={place}>
      <Head
        up={upTo(subscription)}
        title={<Text value={delivery.type} />}
        beside={<DeliveryState of={delivery} />}
        text={<Text value={subscription.url} max={100} />}
      >
        {delivery.status !== "sending" && (
          <Form viewer={viewer} action={`${address}/redeliver`}>
            <button class="button primary" type="submit">
              Send it again
            </button>
          </Form>
        )}
      </Head>
      <Done done={done} texts={{ again: "It waits to be sent again, at once." }} />
      <Faults sheet={sheet} />
      <div class="stack">
        <section class="card">
          <dl class="facts">
            <dt>Event</dt>
            <dd>
              <code>{delivery.id}</code>
            </dd>
            <dt>Happened</dt>
            <dd>
              <Moment at={delivery.occurred_at} />
            </dd>
            {delivery.next_attempt_at !== null && (
              <>
                <dt>Next attempt</dt>
                <dd>
                  <Moment at={delivery.next_attempt_at} />
                </dd>
              </>
            )}
          </dl>
        </section>
        <section class="card">
          <h2>Attempts</h2>
          <Table
            caption="Attempts, the newest 20"
            rows={delivery.attempts}
            empty={<Empty title="None yet" />}
            columns={[
              { name: "Outcome", main: true, cell: (attempt) => <StatusBadge status={attempt.outcome} /> },
              {
                name: "Said",
                cell: ({ status, reason }) =>
                  status === null ? <Text value={(reason ?? "–").replaceAll("_", " ")} /> : `HTTP ${status}`,
              },
              {
                name: "Answer",
                cell: ({ answer }) => (answer === null || answer === "" ? "–" : <Text value={answer} max={300} />),
              },
              {
                name: "Took",
                right: true,
                cell: ({ duration_ms: ms }) => (ms === null ? "–" : `${count(ms)} ms`),
              },
              { name: "At", cell: (attempt) => <Moment at={attempt.at} /> },
            ]}
          />
        </section>
      </div>
    </Frame>
  );
}

interface SecretProps {
  readonly viewer: Viewer;
  readonly subscription: SubscriptionWire;
  readonly title: string;
  /** Null: the form came twice, and the secret was in the first answer. */
  readonly secret: string | null;
  readonly children?: Child;
}

/** It is in the answer to a form, which has no address: nothing leads back to it. */
export function SecretPage({ viewer, subscription, title, secret, children }: SecretProps) {
  const up = upTo(subscription);
  return (
    <Frame title={title} viewer={viewer} place={place}>
      <Head up={up} title={title} text={<Text value={subscription.url} max={100} />} />
      <section class="card narrow">
        <Notice tone="warn">
          {secret === null
            ? "The form was sent twice, and was followed once. The secret was in the first answer; who has not seen it makes a new one."
            : "This is the only time the secret is shown. Copy it to the receiver now, which verifies the requests with it."}
        </Notice>
        {children && <div class="prose">{children}</div>}
        {secret !== null && (
          <div class="field">
            <label for="secret-text">The secret</label>
            {/* Text to be marked with a click or a key, without a script. */}
            <input id="secret-text" class="secret" readonly value={secret} autocomplete="off" spellcheck={false} />
          </div>
        )}
        <p class="row gap">
          <a class="button primary" href={up.to}>
            {secret === null ? "To the subscription" : "I have copied it"}
          </a>
        </p>
      </section>
    </Frame>
  );
}

export function RotateSecretPage({ viewer, subscription, sheet = freshSheet }: OneProps) {
  const up = upTo(subscription);
  return (
    <Frame title="New secret" viewer={viewer} place={place}>
      <Head up={up} title="New secret" text={<Text value={subscription.url} max={100} />} />
      <section class="card narrow">
        <Faults sheet={sheet} />
        <p>
          Requests carry the signatures of both secrets until the old one ends: change the receiver's whenever you like
          before that.
        </p>
        <Form viewer={viewer} action={`${up.to}/rotate`} class="gap" once>
          <AttemptField />
          <SelectField
            sheet={sheet}
            name="grace_seconds"
            label="The old secret ends"
            value="86400"
            options={[
              { value: "86400", name: "in a day" },
              { value: "604800", name: "in a week" },
              { value: "3600", name: "in an hour" },
              { value: "0", name: "at once: it is known to others" },
            ]}
          />
          <p class="row gap">
            <button class="button primary" type="submit">
              Make the new secret
            </button>
            <a class="button" href={up.to}>
              Leave it as it is
            </a>
          </p>
        </Form>
      </section>
    </Frame>
  );
}

export function DeleteSubscriptionPage({ viewer, subscription, sheet }: OneProps) {
  const up = upTo(subscription);
  return (
    <ConfirmPage
      viewer={viewer}
      place={place}
      title="Delete a subscription"
      action={`${up.to}/delete`}
      verb="Delete"
      danger
      back={up}
      {...(sheet && { sheet })}
    >
      <p>
        <Text value={subscription.url} max={200} /> is told of nothing any more, and what waits for it is not sent. Its
        secret is gone; a new subscription has another one.
      </p>
    </ConfirmPage>
  );
}
