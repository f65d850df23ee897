/** Announces validations: they change nothing, so those that come at once are announced by one statement. */
import type { Event } from "../../ingest/events/events.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { wasAway } from "../db/away.ts";
import { MicroBatch } from "../db/micro-batch.ts";
import type { Deps } from "../deps.ts";

const announcers = new WeakMap<Deps["db"], MicroBatch<Event, undefined>>();

/** Returns once the event is committed. */
export function announceValidation(db: Deps["db"], event: Event): Promise<unknown> {
  let announcer = announcers.get(db);
  if (announcer === undefined) {
    announcer = new MicroBatch(
      async (events) => {
        await appendEvents(db, events);
        return events.map(() => undefined);
      },
      { lanes: 2, max: 64, wasAway },
    );
    announcers.set(db, announcer);
  }
  return announcer.submit(event);
}
