/** A new channel, and one that is changed. */
import type { ChannelWire } from "../../channels/schemas.ts";
import { Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { AttemptField } from "../parts/attempt.tsx";
import { TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import type { Sheet } from "../parts/sheet.ts";
import type { Viewer } from "../viewer.ts";
import { type Kind, kindWords } from "./kinds.ts";
import { channelAddress, list } from "./list-page.tsx";
import { CredentialsFields, SettingsFields } from "./settings-fields.tsx";

export function ChooseKindPage({ viewer, kinds }: { viewer: Viewer; kinds: readonly Kind[] }) {
  return (
    <Frame title="New channel" viewer={viewer} place="channels">
      <Head up={list} title="New channel" text="Which way to customers?" />
      <div class="tiles">
        {kinds.map((kind) => (
          <a class="tile" href={`${list.to}/new?kind=${kind}`}>
            <strong>{kindWords(kind).name}</strong>
            <p class="muted small">{kindWords(kind).text}</p>
          </a>
        ))}
      </div>
    </Frame>
  );
}

interface FormProps {
  readonly viewer: Viewer;
  readonly kind: Kind;
  readonly sheet: Sheet;
  /** Undefined: a new one. */
  readonly channel?: ChannelWire;
}

export function ChannelFormPage({ viewer, kind, sheet, channel }: FormProps) {
  const title = channel ? `Change ${channel.name}`.slice(0, 100) : `New channel: ${kindWords(kind).name}`;
  const up = channel
    ? { to: channelAddress(channel.id), name: "Channel" }
    : { to: `${list.to}/new`, name: "New channel" };
  return (
    <Frame title={title} viewer={viewer} place="channels">
      <Head up={up} title={channel ? <Text value={title} /> : title} text={kindWords(kind).text} />
      <Form viewer={viewer} action={channel ? `${channelAddress(channel.id)}/edit` : list.to} class="form">
        <Faults sheet={sheet} />
        {!channel && <AttemptField />}
        <input type="hidden" name="kind" value={kind} />
        <section class="card">
          <div class="fields">
            <TextField sheet={sheet} name="name" label="Name" maxlength={200} required />
          </div>
        </section>
        <section class="card">
          <h2>{kind === "sms" || kind === "messenger" ? "The request to the provider" : "Settings"}</h2>
          <SettingsFields kind={kind} sheet={sheet} />
        </section>
        {kind !== "popup" && (
          <section class="card">
            <h2>Credentials</h2>
            <CredentialsFields kind={kind} sheet={sheet} stored={channel?.has_credentials ?? false} />
          </section>
        )}
        <section class="card">
          <h2>Limits</h2>
          <div class="fields">
            <TextField
              sheet={sheet}
              name="rate_limit.count"
              label="At most"
              inputmode="numeric"
              unit="messages"
              hint="Empty: as fast as they come."
            />
            <TextField sheet={sheet} name="rate_limit.seconds" label="in" inputmode="numeric" unit="seconds" />
            <TextField
              sheet={sheet}
              name="rate_limit.burst"
              label="of which at once"
              inputmode="numeric"
              hint="Empty: one."
            />
          </div>
          <div class="fields gap">
            <TextField
              sheet={sheet}
              name="frequency_cap.count"
              label="To one customer at most"
              inputmode="numeric"
              unit="marketing messages"
              hint="Empty: no cap."
            />
            <TextField sheet={sheet} name="frequency_cap.hours" label="in" inputmode="numeric" unit="hours" />
          </div>
        </section>
        <p class="row">
          <button class="button primary" type="submit">
            {channel ? "Save" : "Make the channel"}
          </button>
          <a class="button" href={up.to}>
            {channel ? "Leave it as it is" : "Another kind"}
          </a>
        </p>
      </Form>
    </Frame>
  );
}

/** Settings that were made over the API and that lines of text cannot hold. */
export function NoFormPage({ viewer, channel }: { viewer: Viewer; channel: ChannelWire }) {
  const title = `Change ${channel.name}`.slice(0, 100);
  return (
    <Frame title={title} viewer={viewer} place="channels">
      <Head up={{ to: channelAddress(channel.id), name: "Channel" }} title={<Text value={title} />} />
      <section class="card">
        <p>
          This channel's request holds values that the form here would change, such as line breaks in a header. Change
          it over the API: <code>PATCH /v1/channels/{channel.id}</code>.
        </p>
      </section>
    </Frame>
  );
}
