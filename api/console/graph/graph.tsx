/** Linked accounts as a picture that the server draws, and the same as a list. */
import type { Cluster, ClusterNode, LinkKind, SharedSubject } from "../../clusters/wire.ts";
import { count, money, plural, shortened, Text } from "../format.tsx";
import { chooseDrawn } from "./choose.ts";
import { layOut, type Point } from "./layout.ts";

const box = { width: 720, height: 420, margin: 44 } as const;
/** With more accounts their names would lie on each other; each still has a tooltip and stands in the list. */
const namedMax = 26;
const listedMax = 60;

const kindWords: Readonly<Record<LinkKind, string>> = {
  card: "card",
  device: "device",
  address: "address",
  ip: "IP",
};

/** @param self the customer whose review is looked at. */
export function Graph(props: { cluster: Cluster; self?: string }) {
  const { cluster, self } = props;
  const drawn = chooseDrawn(cluster, self);
  const places = new Map(drawn.customers.map((customer, at) => [customer, at]));
  const links = drawn.shared.flatMap((subject, at) =>
    subject.customers.map((customer) => [places.get(customer) ?? 0, drawn.customers.length + at] as const),
  );
  const points = layOut(drawn.customers.length + drawn.shared.length, links, box);
  const at = (index: number): Point => points[index] ?? { x: 0, y: 0 };
  const nodes = new Map(cluster.nodes.map((node) => [node.customer, node]));
  return (
    <figure>
      <section class="scroll" aria-label="Drawing of linked accounts" tabindex={0}>
        <svg class="graph" viewBox={`0 0 ${box.width} ${box.height}`} aria-labelledby="graph-title graph-description">
          <title id="graph-title">Linked accounts</title>
          <desc id="graph-description">
            {`${plural(drawn.customers.length, "account")} joined by what they share: ${sharedInWords(cluster)}. The list below says the same.`}
          </desc>
          {drawn.shared.flatMap((subject, place) =>
            subject.customers.map((customer) => {
              const [one, other] = [at(places.get(customer) ?? 0), at(drawn.customers.length + place)];
              return <line class={`edge ${subject.kind}`} x1={one.x} y1={one.y} x2={other.x} y2={other.y} />;
            }),
          )}
          {drawn.shared.map((subject, place) => (
            <Hub subject={subject} at={at(drawn.customers.length + place)} />
          ))}
          {drawn.customers.map((customer, place) => (
            <Account
              customer={customer}
              node={nodes.get(customer)}
              at={at(place)}
              self={customer === self}
              named={drawn.customers.length <= namedMax || customer === self}
            />
          ))}
        </svg>
      </section>
      {drawn.left.customers > 0 && (
        <figcaption class="small muted">{`${plural(drawn.left.customers, "more account")} of the cluster ${drawn.left.customers === 1 ? "is" : "are"} not drawn.`}</figcaption>
      )}
      <details>
        <summary>The same as a list</summary>
        <SharedList shared={cluster.shared} />
      </details>
    </figure>
  );
}

function Hub(props: { subject: SharedSubject; at: Point }) {
  const { subject, at } = props;
  const word = kindWords[subject.kind];
  return (
    <g class={`hub ${subject.kind}`}>
      <title>{`${word} ${subject.label}, shared by ${plural(subject.customers.length, "account")}`}</title>
      <rect x={at.x - 6} y={at.y - 6} width="12" height="12" rx="3" />
      <text x={at.x} y={at.y - 10} text-anchor="middle">
        {word}
      </text>
    </g>
  );
}

function Account(props: { customer: string; node: ClusterNode | undefined; at: Point; self: boolean; named: boolean }) {
  const { customer, node, at, self, named } = props;
  const worth = node && node.discount_amount > 0 ? `, ${money(node.discount_amount, node.currency)} of discounts` : "";
  const short = shortened(customer, 20);
  // To the left of the middle names are written towards it, so that none runs out of the picture.
  const inward = at.x > box.width * 0.72;
  return (
    <a href={`/console/reviews?status=all&customer=${encodeURIComponent(customer)}`}>
      <g class={self ? "node self" : "node"}>
        <title>{`${short}${worth}`}</title>
        <circle cx={at.x} cy={at.y} r={self ? 9 : 7} />
        {named && (
          <text x={inward ? at.x - 12 : at.x + 12} y={at.y + 4} text-anchor={inward ? "end" : "start"} direction="ltr">
            {short}
          </text>
        )}
      </g>
    </a>
  );
}

function SharedList(props: { shared: readonly SharedSubject[] }) {
  const { shared } = props;
  return (
    <ul class="plain-list">
      {shared.slice(0, listedMax).map((subject) => (
        <li>
          <span class="strong">{`${kindWords[subject.kind]} ${subject.label}`}</span>:{" "}
          {subject.customers.slice(0, listedMax).map((customer, at) => (
            <>
              {at > 0 && ", "}
              <Text value={customer} max={80} />
            </>
          ))}
          {subject.customers.length > listedMax && ` and ${count(subject.customers.length - listedMax)} more`}
        </li>
      ))}
      {shared.length > listedMax && <li class="muted">{`and ${count(shared.length - listedMax)} more things`}</li>}
    </ul>
  );
}

/** "2 cards, 1 device" */
export function sharedInWords(cluster: Pick<Cluster, "subjects">): string {
  const parts = (Object.keys(kindWords) as LinkKind[]).flatMap((kind) => {
    const number = cluster.subjects[kind] ?? 0;
    return number === 0 ? [] : [plural(number, kindWords[kind], kind === "address" ? "addresses" : undefined)];
  });
  return parts.length === 0 ? "nothing that is still seen" : parts.join(", ");
}
