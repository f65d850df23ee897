/** One channel: how it sends, whether it is on, and a message to try it. */

import type { SendOutcome } from "../../channels/adapter.ts";
import type { ChannelWire } from "../../channels/schemas.ts";
import { count, Moment, shortened, Text } from "../format.tsx";
import { Frame, Notice } from "../layout.tsx";
import type { Named } from "../names.ts";
import { ConfirmPage } from "../parts/confirm-page.tsx";
import { Done } from "../parts/done.tsx";
import { SelectField, TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Badge } from "../parts/states.tsx";
import type { Viewer } from "../viewer.ts";
import { kindWords } from "./kinds.ts";
import { channelAddress, list, Rate, State } from "./list-page.tsx";
import { masked } from "./masked.ts";

const doneTexts = {
  created: "The channel was made. Send a message to yourself before customers get any.",
  changed: "Saved.",
  paused: "It is paused: nothing new is ordered, and what was ordered waits for up to three days.",
  resumed: "It is on again; what waited is sent.",
};

interface ChannelProps {
  readonly viewer: Viewer;
  readonly channel: ChannelWire;
  /** Of its kind, to try it with. */
  readonly templates: readonly Named[];
  readonly done?: string | undefined;
  readonly sheet?: Sheet;
  readonly tried?: SendOutcome;
}

export function ChannelPage({ viewer, channel, templates, done, sheet = freshSheet, tried }: ChannelProps) {
  const address = channelAddress(channel.id);
  return (
    <Frame title={channel.name} viewer={viewer} place="channels">
      <Head
        up={list}
        title={<Text value={channel.name} />}
        beside={
          <>
            <Badge>{kindWords(channel.kind).name}</Badge> <State channel={channel} />
          </>
        }
      >
        <a class="button primary" href={`${address}/edit`}>
          Change
        </a>
        <Form viewer={viewer} action={`${address}/${channel.enabled ? "pause" : "resume"}`}>
          <button class="button" type="submit">
            {channel.enabled ? "Pause" : "Resume"}
          </button>
        </Form>
        <a class="button danger" href={`${address}/delete`}>
          Delete
        </a>
      </Head>
      <Done done={done} texts={doneTexts} />
      {tried && <Tried outcome={tried} />}
      <div class="stack">
        <section class="card">
          <dl class="facts">
            <Settings channel={channel} />
            {channel.kind !== "popup" && (
              <>
                <dt>Credentials</dt>
                <dd>{channel.has_credentials ? "stored, never shown" : <span class="muted">none</span>}</dd>
              </>
            )}
            <dt>Rate</dt>
            <dd>
              <Rate channel={channel} />
            </dd>
            <dt>To one customer</dt>
            <dd>
              {channel.frequency_cap === null ? (
                <span class="muted">no cap</span>
              ) : (
                `${count(channel.frequency_cap.count)} marketing messages in ${count(channel.frequency_cap.hours)} hours`
              )}
            </dd>
            <dt>Changed</dt>
            <dd>
              <Moment at={channel.updated_at} />
            </dd>
            <dt>Id</dt>
            <dd>
              <code>{channel.id}</code>
            </dd>
          </dl>
        </section>
        <section class="card">
          <h2>Send a test</h2>
          <Faults sheet={sheet} />
          <Form viewer={viewer} action={`${address}/test`} once>
            <div class="fields">
              {channel.kind === "webhook" || channel.kind === "popup" ? (
                <TextField
                  sheet={sheet}
                  name="customer"
                  label="To the customer"
                  hint="Their identifier in your shop."
                  maxlength={200}
                  required
                />
              ) : (
                <TextField
                  sheet={sheet}
                  name="address"
                  label="To"
                  placeholder={channel.kind === "email" ? "me@shop.example" : "+4915112345678"}
                  maxlength={254}
                  required
                />
              )}
              <SelectField
                sheet={sheet}
                name="template_id"
                label="Saying"
                options={[
                  { value: "", name: "that it is a test" },
                  ...templates.map(({ id, name }) => ({ value: id, name: shortened(name, 80) })),
                ]}
              />
            </div>
            <p class="muted small">
              It goes at once, with example values in the template, and is in no log and no figure. It counts against
              the rate.
            </p>
            <p class="row gap">
              <button class="button" type="submit">
                Send the test
              </button>
            </p>
          </Form>
        </section>
      </div>
    </Frame>
  );
}

function Settings({ channel }: { channel: ChannelWire }) {
  const settings = masked(channel.settings) as Record<string, unknown>;
  const text = (name: string) => String(settings[name] ?? "");
  switch (channel.kind) {
    case "email": {
      const from = settings.from as { name: string; email: string };
      return (
        <>
          <dt>Mail server</dt>
          <dd>
            <Text value={`${text("host")}:${text("port")}`} />,{" "}
            {text("security") === "none" ? "not encrypted" : text("security").toUpperCase()}
          </dd>
          <dt>Sender</dt>
          <dd>
            <Text value={from.name === "" ? from.email : `${from.name} <${from.email}>`} />
          </dd>
        </>
      );
    }
    case "sms":
    case "messenger":
      return (
        <>
          <dt>Request</dt>
          <dd>
            {text("method")} <Text value={text("url")} />
          </dd>
          <dt>Body</dt>
          <dd>{String((settings.body as { type?: string }).type ?? "none").toUpperCase()}</dd>
        </>
      );
    case "webhook":
      return (
        <>
          <dt>URL</dt>
          <dd>
            <Text value={text("url")} />
          </dd>
        </>
      );
    default:
      return (
        <>
          <dt>Shown for</dt>
          <dd>{text("lifetime_hours")} hours at most</dd>
        </>
      );
  }
}

const outcomes = {
  sent: { tone: "good", text: "It was taken." },
  retry: { tone: "warn", text: "It was not taken now; a real message would be tried again later." },
  failed: { tone: "bad", text: "It was refused." },
  bounced: { tone: "bad", text: "The address does not exist." },
  unknown: { tone: "warn", text: "There was no clear answer: it may have arrived." },
} as const;

function Tried({ outcome }: { outcome: SendOutcome }) {
  const { tone, text } = outcomes[outcome.outcome];
  const detail = outcome.outcome === "sent" ? outcome.providerId : outcome.reason;
  return (
    <Notice tone={tone}>
      <div>
        <strong>{text}</strong> {detail !== null && <Text value={detail} />}
      </div>
    </Notice>
  );
}

export function DeleteChannelPage({ viewer, channel, sheet }: { viewer: Viewer; channel: ChannelWire; sheet?: Sheet }) {
  return (
    <ConfirmPage
      viewer={viewer}
      place="channels"
      title="Delete a channel"
      action={`${channelAddress(channel.id)}/delete`}
      verb="Delete"
      danger
      back={{ to: channelAddress(channel.id), name: "Channel" }}
      {...(sheet && { sheet })}
    >
      <p>
        <Text value={channel.name} /> sends nothing any more: what waits for it fails, and workflows that name it skip
        their messages. Its credentials are gone at once. Its deliveries stay in the log.
      </p>
    </ConfirmPage>
  );
}
