/** A real SMTP server on loopback that does as a test says. */
import type { AddressInfo, Socket } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

export interface ReceivedMail {
  readonly to: readonly string[];
  /** Headers and all, as it came. */
  readonly raw: string;
}

export interface MailServer {
  readonly port: number;
  /** What it accepted. */
  readonly mails: readonly ReceivedMail[];
  readonly server: SMTPServer;
  /** Cuts every connection, as a server that dies does. */
  cut(): void;
  close(): Promise<void>;
}

/** @param refuse answers to a recipient, or to the message: "550 5.1.1 unknown"; undefined: it is accepted. */
export async function startMailServer(
  refuse: { recipient?(address: string): string | undefined; message?(mail: ReceivedMail): string | undefined } = {},
  options: SMTPServerOptions = {},
): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    closeTimeout: 100,
    onRcptTo(address, _, done) {
      done(answerOf(refuse.recipient?.(address.address)));
    },
    onData(stream, session, done) {
      let raw = "";
      stream.setEncoding("utf8");
      stream.on("data", (part: string) => {
        raw += part;
      });
      stream.on("end", () => {
        const mail = { to: session.envelope.rcptTo.map(({ address }) => address), raw };
        const refusal = answerOf(refuse.message?.(mail));
        if (refusal === undefined) mails.push(mail);
        done(refusal);
      });
    },
    ...options,
  });
  // A client that goes away in the middle is none of the server's business.
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  const cut = () => {
    for (const connection of server.connections as Set<{ _socket: Socket }>) connection._socket.destroy();
  };
  return { port, mails, server, cut, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** The server writes the code itself. */
function answerOf(text: string | undefined): Error | undefined {
  if (text === undefined) return undefined;
  return Object.assign(new Error(text.slice(4)), { responseCode: Number(text.slice(0, 3)) });
}
