/** E-mail over SMTP. */
import { Readable } from "node:stream";
import MailComposer from "nodemailer/lib/mail-composer";
import { faultOfHost } from "../../outbound/url.ts";
import { type ChannelAdapter, type OutgoingMessage, type SendOutcome, targetFault } from "../adapter.ts";
import { outcomeOf } from "./outcome.ts";
import { type EmailCredentials, type EmailSettings, emailCredentials, emailSettings } from "./settings.ts";
import { poolOf } from "./transport.ts";

export const emailAdapter: ChannelAdapter<EmailSettings, EmailCredentials> = {
  kind: "email",
  settings: emailSettings,
  credentials: emailCredentials,
  faultOf: ({ host }, outbound) => targetFault("host", faultOfHost(host, outbound)),
  credentialsGoTo: ({ host, port, security }) => `${host.toLowerCase()}:${port} ${security}`,
  address: "email",
  needsConsent: true,
  parts: [
    { name: "subject", required: true, html: false, lengthMax: 500 },
    { name: "text", required: true, html: false, lengthMax: 100_000 },
    { name: "html", required: false, html: true, lengthMax: 500_000 },
  ],
  whenUnknown: "resend",
  async send(message, context): Promise<SendOutcome> {
    const { settings } = context.channel;
    const raw = await compose(message, settings);
    let handedOver = false;
    const stream = Readable.from([raw]).once("end", () => {
      handedOver = true;
    });
    try {
      const sent = await poolOf(context).sendMail({
        envelope: { from: settings.from.email, to: [message.address] },
        raw: stream,
        signal: context.signal,
      });
      const [refused] = sent.rejected;
      if (refused !== undefined) return { outcome: "failed", reason: "refused" };
      return { outcome: "sent", providerId: messageIdOf(message, settings) };
    } catch (error) {
      return outcomeOf(error, handedOver);
    }
  },
};

/** The same for each attempt: a mail program that gets a message twice can tell. */
function messageIdOf({ deliveryId }: Pick<OutgoingMessage, "deliveryId">, settings: EmailSettings): string {
  return `<${deliveryId}@${settings.from.email.slice(settings.from.email.lastIndexOf("@") + 1)}>`;
}

function compose(message: OutgoingMessage, settings: EmailSettings): Promise<Buffer> {
  const { parts, unsubscribeUrl } = message;
  const composer = new MailComposer({
    from: { name: settings.from.name, address: settings.from.email },
    to: { name: "", address: message.address },
    ...(settings.reply_to === undefined ? {} : { replyTo: settings.reply_to }),
    // One line, however it was rendered.
    subject: (parts.subject ?? "").replaceAll(/\s+/g, " ").trim(),
    text: parts.text ?? "",
    ...(parts.html === undefined ? {} : { html: parts.html }),
    messageId: messageIdOf(message, settings),
    headers: {
      "Content-Language": message.language,
      // RFC 3834: no out-of-office replies.
      "Auto-Submitted": "auto-generated",
      ...(unsubscribeUrl === null ? {} : { "List-Unsubscribe": `<${unsubscribeUrl}>` }),
      // RFC 8058: mail programs show a button, which posts; over https only.
      ...(unsubscribeUrl?.startsWith("https:") ? { "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" } : {}),
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}
