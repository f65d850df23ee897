/** The fields of each kind of channel. What is secret is asked for, and never filled in. */
import { AreaField, CheckField, SelectField, TextField } from "../parts/fields.tsx";
import type { Sheet } from "../parts/sheet.ts";
import { credentialRows } from "./channel-form.ts";
import type { Kind } from "./kinds.ts";

const securities = [
  { value: "starttls", name: "STARTTLS, required (port 587)" },
  { value: "tls", name: "TLS (port 465)" },
  { value: "none", name: "none: inside of your own network" },
];
const methods = ["POST", "PUT", "GET"].map((name) => ({ value: name, name }));
const bodies = [
  { value: "json", name: "JSON" },
  { value: "form", name: "form fields" },
  { value: "none", name: "none" },
];

export function SettingsFields({ kind, sheet }: { kind: Kind; sheet: Sheet }) {
  switch (kind) {
    case "email":
      return <EmailFields sheet={sheet} />;
    case "sms":
    case "messenger":
      return <RequestFields sheet={sheet} />;
    case "webhook":
      return (
        <div class="fields">
          <TextField
            sheet={sheet}
            name="settings.url"
            type="url"
            label="URL"
            placeholder="https://crm.example/hooks/messages"
            maxlength={2_000}
            required
            wide
          />
        </div>
      );
    default:
      return (
        <div class="fields">
          <TextField
            sheet={sheet}
            name="settings.lifetime_hours"
            label="Shown for"
            inputmode="numeric"
            unit="hours at most"
            hint="A pop-up that nobody has looked at for so long is not shown any more."
          />
        </div>
      );
  }
}

function EmailFields({ sheet }: { sheet: Sheet }) {
  return (
    <div class="fields">
      <TextField
        sheet={sheet}
        name="settings.host"
        label="Mail server"
        placeholder="smtp.example.com"
        maxlength={253}
        required
      />
      <TextField sheet={sheet} name="settings.port" label="Port" inputmode="numeric" required />
      <SelectField sheet={sheet} name="settings.security" label="Encryption" options={securities} />
      <TextField sheet={sheet} name="settings.from.name" label="Sender's name" maxlength={100} />
      <TextField
        sheet={sheet}
        name="settings.from.email"
        type="email"
        label="Sender's address"
        maxlength={254}
        required
      />
      <TextField
        sheet={sheet}
        name="settings.reply_to"
        type="email"
        label="Answers go to"
        maxlength={254}
        hint="Empty: to the sender."
      />
      <TextField
        sheet={sheet}
        name="settings.connections_max"
        label="Connections at once"
        inputmode="numeric"
        hint="Of each process."
      />
    </div>
  );
}

function RequestFields({ sheet }: { sheet: Sheet }) {
  return (
    <>
      <p class="muted small">
        {
          "Wherever a value goes: {{ to }}, {{ to_digits }}, {{ text }}, {{ title }}, {{ delivery_id }}, {{ language }}, "
        }
        {"{{ credentials.name }}, and the variables of templates, such as {{ voucher.code }}."}
      </p>
      <div class="fields gap">
        <SelectField sheet={sheet} name="settings.method" label="Method" options={methods} />
        <TextField
          sheet={sheet}
          name="settings.timeout_seconds"
          label="Waits for an answer"
          inputmode="numeric"
          unit="seconds"
        />
        <TextField
          sheet={sheet}
          name="settings.url"
          label="URL"
          placeholder="https://api.provider.example/messages"
          maxlength={2_000}
          required
          wide
        />
        <TextField
          sheet={sheet}
          name="settings.basic_auth.username"
          label="User, for Basic authentication"
          placeholder="{{ credentials.account }}"
          maxlength={500}
        />
        <TextField
          sheet={sheet}
          name="settings.basic_auth.password"
          label="Its password"
          placeholder="{{ credentials.token }}"
          hint="Name a credential: what is written here itself is no secret to the API."
          maxlength={500}
        />
        <AreaField
          sheet={sheet}
          name="settings.headers"
          label="Headers, one on a line"
          placeholder="authorization: Bearer {{ credentials.token }}"
          rows={2}
          wide
        />
        <SelectField sheet={sheet} name="settings.body.type" label="Body" options={bodies} />
        <TextField
          sheet={sheet}
          name="settings.provider_id"
          label="The message's id in the answer"
          placeholder="/messages/0/id"
          maxlength={200}
        />
        <AreaField sheet={sheet} name="settings.body.value" label="The JSON, if the body is JSON" rows={5} wide />
        <AreaField
          sheet={sheet}
          name="settings.body.fields"
          label="The fields, if it is a form, one on a line"
          placeholder={"To = {{ to }}\nBody = {{ text }}"}
          rows={3}
          wide
        />
        <TextField
          sheet={sheet}
          name="settings.retry_statuses"
          label="Tried again after the statuses"
          hint="Separated by commas."
        />
        <TextField
          sheet={sheet}
          name="settings.bounced_statuses"
          label="No such address, say the statuses"
          hint="The address is then never written to again."
        />
        <AreaField
          sheet={sheet}
          name="settings.retry_when"
          label="Tried again, says the answer"
          placeholder="/error/code = 130429, 131056"
          rows={2}
        />
        <AreaField
          sheet={sheet}
          name="settings.bounced_when"
          label="No such address, says the answer"
          placeholder="/code = 21211, 21614"
          rows={2}
        />
      </div>
    </>
  );
}

interface CredentialsProps {
  readonly kind: Kind;
  readonly sheet: Sheet;
  /** Whether some are stored: then nothing need be typed. */
  readonly stored: boolean;
}

export function CredentialsFields({ kind, sheet, stored }: CredentialsProps) {
  return (
    <>
      <p class="muted small" id="f-credentials">
        {stored
          ? "Some are stored; they are kept sealed and never shown. What you type here replaces all of them. Empty: they stay."
          : "They are kept sealed, and never shown again."}
      </p>
      {sheet.faults.get("credentials") && <p class="fault">{sheet.faults.get("credentials")}</p>}
      <div class="fields gap">
        <SecretFields kind={kind} sheet={sheet} />
        {stored && kind !== "webhook" && (
          <CheckField sheet={sheet} name="credentials.remove" label="Take the credentials away" wide />
        )}
      </div>
    </>
  );
}

function SecretFields({ kind, sheet }: { kind: Kind; sheet: Sheet }) {
  if (kind === "webhook") {
    return (
      <TextField
        sheet={sheet}
        name="credentials.secret"
        type="password"
        label="Secret that signs"
        autocomplete="new-password"
        hint="whsec_ and 24 to 64 random bytes in Base64; the receiver has the same one."
        wide
      />
    );
  }
  if (kind === "email") {
    return (
      <>
        <TextField sheet={sheet} name="credentials.username" label="User" maxlength={500} />
        <TextField
          sheet={sheet}
          name="credentials.password"
          type="password"
          label="Password"
          autocomplete="new-password"
          maxlength={2_000}
        />
      </>
    );
  }
  return (
    <>
      {credentialRows.map((at) => (
        <>
          <TextField
            sheet={sheet}
            name={`credentials.${at}.name`}
            label={`Name of credential ${at + 1}`}
            placeholder={at === 0 ? "token" : ""}
            maxlength={50}
          />
          <TextField
            sheet={sheet}
            name={`credentials.${at}.value`}
            type="password"
            label={`Credential ${at + 1}`}
            autocomplete="new-password"
            maxlength={4_000}
          />
        </>
      ))}
    </>
  );
}
