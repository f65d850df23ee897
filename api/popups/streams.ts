/**
 * Server-sent events to browsers. One query a second asks for everybody who listens at this process; how many may listen
 * is bounded. A stream ends after a while, with its token, and in order when the process stops: browsers come again.
 */
import type { Kysely } from "kysely";
import type { Logger } from "pino";
import type { DB } from "../db/tables.ts";
import { listWaiting, type WaitingPopup } from "./queries.ts";

interface StreamLimits {
  readonly all: number;
  readonly perProject: number;
  readonly perCustomer: number;
  /** Whoever leaves so many messages unread is not there any more; more are not kept in memory for them. */
  readonly unread: number;
}

const streamLimits: StreamLimits = { all: 500, perProject: 200, perCustomer: 4, unread: 50 };
const pollMs = 1_000;
const heartbeatMs = 15_000;
const lifeMs = 10 * 60_000;
/** As many as are kept waiting for a customer, some more where two came at once. */
const messagesEachMax = 25;

interface Stream {
  readonly projectId: string;
  readonly customerId: string;
  readonly endsAt: number;
  readonly sent: Set<string>;
  heardAt: number;
  write(text: string): void;
  end(): void;
}

export interface PopupStreams {
  /** Undefined: too many listen already. */
  open(
    who: { readonly projectId: string; readonly customerId: string; readonly expiresAt: number },
    show: (popup: WaitingPopup) => object,
  ): ReadableStream<Uint8Array> | undefined;
}

export function createPopupStreams(
  deps: { readonly db: Kysely<DB>; readonly log: Logger; readonly closing?: AbortSignal | undefined },
  limits: StreamLimits = streamLimits,
): PopupStreams {
  const streams = new Map<Stream, (popup: WaitingPopup) => object>();
  let timer: NodeJS.Timeout | undefined;
  deps.closing?.addEventListener("abort", () => {
    for (const stream of streams.keys()) stream.end();
  });

  const count = (fits: (stream: Stream) => boolean) => [...streams.keys()].filter(fits).length;

  async function lookAtAll(): Promise<void> {
    const now = Date.now();
    for (const stream of [...streams.keys()]) {
      if (now >= stream.endsAt) stream.end();
      else if (now - stream.heardAt >= heartbeatMs) {
        stream.heardAt = now;
        stream.write(": still here\n\n");
      }
    }
    await look([...streams.keys()]);
  }

  async function look(listening: readonly Stream[]): Promise<void> {
    if (listening.length === 0) return;
    const pairs = [...new Set(listening.map((each) => `${each.projectId} ${each.customerId}`))].map((pair) =>
      pair.split(" "),
    );
    const waiting = await listWaiting(
      deps.db,
      pairs.map(([project]) => project ?? ""),
      pairs.map(([, customer]) => customer ?? ""),
      messagesEachMax,
    );
    for (const popup of waiting) {
      for (const stream of listening) {
        const show = streams.get(stream);
        if (show === undefined || stream.projectId !== popup.project_id || stream.customerId !== popup.customer_id)
          continue;
        if (stream.sent.has(popup.id)) continue;
        stream.sent.add(popup.id);
        stream.write(`event: popup\nid: ${popup.id}\ndata: ${JSON.stringify(show(popup))}\n\n`);
      }
    }
  }

  function again(): void {
    if (timer !== undefined || streams.size === 0) return;
    timer = setTimeout(() => {
      lookAtAll()
        .catch((err: unknown) => deps.log.warn({ err }, "pop-ups could not be read"))
        .finally(() => {
          timer = undefined;
          again();
        });
    }, pollMs);
    timer.unref();
  }

  return {
    open(who, show) {
      if (deps.closing?.aborted === true || streams.size >= limits.all) return undefined;
      if (count((each) => each.projectId === who.projectId) >= limits.perProject) return undefined;
      const isSame = (each: Stream) => each.projectId === who.projectId && each.customerId === who.customerId;
      if (count(isSame) >= limits.perCustomer) return undefined;
      const encoder = new TextEncoder();
      let stream: Stream | undefined;
      return new ReadableStream<Uint8Array>({
        start(controller) {
          const opened: Stream = {
            projectId: who.projectId,
            customerId: who.customerId,
            endsAt: Math.min(Date.now() + lifeMs, who.expiresAt * 1_000),
            sent: new Set(),
            heardAt: Date.now(),
            write: (text) => {
              if ((controller.desiredSize ?? 0) <= -limits.unread) opened.end();
              else controller.enqueue(encoder.encode(text));
            },
            end: () => {
              if (streams.delete(opened)) controller.close();
            },
          };
          stream = opened;
          streams.set(opened, show);
          opened.write("retry: 5000\n\n");
          look([opened]).catch((err: unknown) => deps.log.warn({ err }, "pop-ups could not be read"));
          again();
        },
        cancel() {
          if (stream) streams.delete(stream);
        },
      });
    },
  };
}
