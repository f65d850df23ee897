/** Connections to mail servers: one pool a channel, of the addresses that were vetted, closed when nothing is sent. */
import { connect, type Socket } from "node:net";
import { createTransport } from "nodemailer";
import { type Outbound, vetAddress } from "../../outbound/vet.ts";
import type { SendContext } from "../adapter.ts";
import type { EmailCredentials, EmailSettings } from "./settings.ts";

type Pool = ReturnType<typeof open>;

const pools = new Map<string, { readonly version: string; readonly pool: Pool }>();
/** Many more than messages are under way in a process: what a pool still has to send fails when it is closed. */
const poolsMax = 500;

const connectMs = 15_000;
const answerMs = 30_000;
const idleMs = 10_000;

/** The network refused to be talked to, or is not encrypted; not an answer of a mail server. */
export class ConnectionRefused extends Error {}

/** The pool of a channel as it is now; the one of how it was before ends with what it has. */
export function poolOf({ deps, projectId, channel }: SendContext<EmailSettings, EmailCredentials>): Pool {
  const key = `${projectId}/${channel.id}`;
  const known = pools.get(key);
  if (known?.version === channel.version) {
    // The one that was used last is the last to go.
    pools.delete(key);
    pools.set(key, known);
    return known.pool;
  }
  known?.pool.close();
  const pool = open(channel.settings, channel.credentials, deps.outbound);
  pools.set(key, { version: channel.version, pool });
  const [oldest] = pools;
  if (pools.size > poolsMax && oldest !== undefined) {
    pools.delete(oldest[0]);
    oldest[1].pool.close();
  }
  return pool;
}

/** Names of files and addresses in a message are never followed. */
const noFetching = { disableFileAccess: true, disableUrlAccess: true };

function open(settings: EmailSettings, credentials: EmailCredentials, outbound: Outbound | undefined) {
  const { host, port, security } = settings;
  return createTransport({
    pool: true,
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    tls: { minVersion: "TLSv1.2", servername: host },
    ...(credentials === null ? {} : { auth: { user: credentials.username, pass: credentials.password } }),
    maxConnections: settings.connections_max,
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    socketTimeout: answerMs,
    idleTimeout: idleMs,
    ...noFetching,
    getSocket(_: unknown, callback: (error: Error | null, socket?: { connection: Socket }) => void) {
      connectVetted(settings, outbound).then(
        (connection) => callback(null, { connection }),
        (error: Error) => callback(error),
      );
    },
  });
}

/** Looked up and vetted for each connection: a name may lead elsewhere than it did. */
async function connectVetted({ host, port, security }: EmailSettings, outbound: Outbound | undefined): Promise<Socket> {
  const vetted = await vetAddress(host, outbound);
  if (vetted.outcome === "refused") throw new ConnectionRefused(vetted.reason);
  if (security === "none" && !vetted.byOperator) throw new ConnectionRefused("encryption_required");
  let last: Error = new ConnectionRefused("host_unknown");
  for (const { address } of vetted.addresses) {
    try {
      return await connectTo(address, port);
    } catch (error) {
      if (error instanceof Error) last = error;
    }
  }
  throw last;
}

function connectTo(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(connectMs, () => fail(new Error("no connection in time")));
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.setTimeout(0);
      // Until the library has its own listeners: an error that nobody hears would end the process.
      socket.removeAllListeners().on("error", () => undefined);
      resolve(socket);
    });
  });
}
