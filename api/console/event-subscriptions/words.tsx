/** What subscriptions and what was sent to them are called, in words. */
import type { EventDeliveryWire, SubscriptionWire } from "../../event-subscriptions/read.ts";
import { Moment, Text } from "../format.tsx";
import { Badge, StatusBadge } from "../parts/states.tsx";

export const list = { to: "/console/event-subscriptions", name: "Event subscriptions" };

export const subscriptionAddress = (id: string) => `${list.to}/${encodeURIComponent(id)}`;

const causes = {
  by_hand: "by hand",
  failing: "nothing but failures for five days",
  gone: "the receiver wants nothing any more (410)",
  backlog: "too much was waiting",
} as const;

export function State({ of }: { of: SubscriptionWire }) {
  if (of.status === "disabled") {
    return (
      <span>
        <Badge tone="bad">disabled</Badge>
        {of.disabled_because !== null && <span class="small muted"> {causes[of.disabled_because]}</span>}
      </span>
    );
  }
  if (of.failing_since === null) return <Badge tone="good">active</Badge>;
  return (
    <span>
      <Badge tone="warn">failing</Badge>{" "}
      <span class="small muted">
        since <Moment at={of.failing_since} />
      </span>
    </span>
  );
}

const typesShown = 6;

export function Types({ of, all = false }: { of: SubscriptionWire; all?: boolean }) {
  if (of.types === "all") return <>every event</>;
  const shown = all ? of.types : of.types.slice(0, typesShown);
  const more = of.types.length - shown.length;
  return (
    <>
      <Text value={shown.join(", ")} max={all ? 4_000 : 200} />
      {more > 0 && ` and ${more} more`}
    </>
  );
}

export function DeliveryState({ of }: { of: EventDeliveryWire }) {
  const last = of.attempts.at(-1);
  return (
    <span>
      <StatusBadge status={of.status} />
      {last !== undefined && of.status !== "delivered" && (
        <span class="small muted">
          {" "}
          <Text value={last.status === null ? (last.reason ?? "").replaceAll("_", " ") : `HTTP ${last.status}`} />
        </span>
      )}
    </span>
  );
}
