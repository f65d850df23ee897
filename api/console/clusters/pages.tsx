import { type ClusterSort, clusterSorts } from "../../clusters/list.ts";
import type { Cluster, ClusterSummary } from "../../clusters/wire.ts";
import type { Page } from "../../http/pagination.ts";
import { count, Moment, money, plural, Text } from "../format.tsx";
import { Graph, sharedInWords } from "../graph/graph.tsx";
import { Frame } from "../layout.tsx";
import type { Viewer } from "../viewer.ts";

const sortWords: Readonly<Record<ClusterSort, string>> = {
  money: "Most money",
  growth: "Growing fastest",
  size: "Largest",
};

export function ClustersPage(props: { viewer: Viewer; sort: ClusterSort; page: Page<ClusterSummary> }) {
  const { viewer, sort, page } = props;
  return (
    <Frame title="Linked accounts" viewer={viewer} place="clusters">
      <div class="head">
        <div>
          <h1>Linked accounts</h1>
          <p>
            Accounts seen with the same card, device, address or IP within 90 days. Households are linked too: look
            before you judge.
          </p>
        </div>
        <nav class="tabs" aria-label="Order">
          {clusterSorts.map((name) => (
            <a class="tab" href={`/console/clusters?sort=${name}`} aria-current={name === sort ? "page" : undefined}>
              {sortWords[name]}
            </a>
          ))}
        </nav>
      </div>
      {page.data.length === 0 ? (
        <section class="card empty">
          <p class="strong">No accounts are linked.</p>
          <p>They are within a minute after two come with the same card, device, address or IP.</p>
        </section>
      ) : (
        <section class="card">
          <div class="scroll">
            <table>
              <caption class="hidden-text">Clusters of linked accounts</caption>
              <thead>
                <tr>
                  <th scope="col">Cluster</th>
                  <th scope="col" class="right">
                    Accounts
                  </th>
                  <th scope="col" class="right">
                    New in 7 days
                  </th>
                  <th scope="col" class="right">
                    Discounts
                  </th>
                  <th scope="col" class="right">
                    Redemptions
                  </th>
                  <th scope="col" class="right">
                    Refused
                  </th>
                  <th scope="col">Reviews</th>
                  <th scope="col">Since</th>
                </tr>
              </thead>
              <tbody>
                {page.data.map((cluster) => (
                  <tr>
                    <td>
                      <a class="strong" href={`/console/clusters/${encodeURIComponent(cluster.cluster_id)}`}>
                        {sharedInWords(cluster)}
                      </a>
                    </td>
                    <td class="right number">{count(cluster.customers_count)}</td>
                    <td class="right number">{cluster.growth_7d === 0 ? "–" : `+${count(cluster.growth_7d)}`}</td>
                    <td class="right number">{money(cluster.discount_amount, cluster.currency)}</td>
                    <td class="right number">{count(cluster.redemptions_count)}</td>
                    <td class="right number">{count(cluster.rejections_count)}</td>
                    <td>
                      <Reviews cluster={cluster} />
                    </td>
                    <td class="nowrap">
                      <Moment at={cluster.first_seen_at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {page.next_cursor !== null && (
            <p class="right">
              <a href={`/console/clusters?sort=${sort}&cursor=${encodeURIComponent(page.next_cursor)}`} rel="next">
                Next page
              </a>
            </p>
          )}
        </section>
      )}
    </Frame>
  );
}

function Reviews(props: { cluster: ClusterSummary }) {
  const { reviews_open_count: open, reviews_confirmed_count: confirmed } = props.cluster;
  if (open + confirmed === 0) return <span class="muted">none</span>;
  return (
    <span class="row">
      {open > 0 && <span class="badge accent">{`${count(open)} open`}</span>}
      {confirmed > 0 && <span class="badge bad">{`${count(confirmed)} fraud`}</span>}
    </span>
  );
}

export function ClusterPage(props: { viewer: Viewer; cluster: Cluster }) {
  const { viewer, cluster } = props;
  const others = Object.entries(cluster.discount_amounts).filter(([currency]) => currency !== cluster.currency);
  return (
    <Frame title="Linked accounts" viewer={viewer} place="clusters">
      <p class="crumb">
        <a href="/console/clusters">← Linked accounts</a>
      </p>
      <div class="head">
        <div>
          <h1>{plural(cluster.customers_count, "linked account")}</h1>
          <p>
            {sharedInWords(cluster)}, since <Moment at={cluster.first_seen_at} />
          </p>
        </div>
      </div>
      <dl class="tiles">
        <Tile
          name="Discounts that stand"
          value={[
            money(cluster.discount_amount, cluster.currency),
            ...others.map(([currency, amount]) => money(amount, currency)),
          ].join(" + ")}
        />
        <Tile name="Redemptions" value={count(cluster.redemptions_count)} />
        <Tile name="Refused" value={count(cluster.rejections_count)} />
        <Tile name="New in 7 days" value={count(cluster.growth_7d)} />
        <Tile name="Open reviews" value={count(cluster.reviews_open_count)} />
        <Tile name="Confirmed as fraud" value={count(cluster.reviews_confirmed_count)} />
      </dl>
      <div class="stack">
        <section class="card">
          <h2>Who shares what</h2>
          <Graph cluster={cluster} />
        </section>
        <section class="card">
          <h2>Accounts</h2>
          <div class="scroll">
            <table>
              <caption class="hidden-text">Accounts of the cluster</caption>
              <thead>
                <tr>
                  <th scope="col">Customer</th>
                  <th scope="col">First seen</th>
                  <th scope="col" class="right">
                    Redemptions
                  </th>
                  <th scope="col" class="right">
                    Discounts
                  </th>
                  <th scope="col" class="right">
                    Refused
                  </th>
                </tr>
              </thead>
              <tbody>
                {cluster.nodes.map((node) => (
                  <tr>
                    <td>
                      <a href={`/console/reviews?status=all&customer=${encodeURIComponent(node.customer)}`}>
                        <Text value={node.customer} max={60} />
                      </a>
                    </td>
                    <td class="nowrap">
                      <Moment at={node.first_seen_at} />
                    </td>
                    <td class="right number">{count(node.redemptions_count)}</td>
                    <td class="right number">{money(node.discount_amount, node.currency)}</td>
                    <td class="right number">{count(node.rejections_count)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {cluster.customers_count > cluster.nodes.length && (
            <p class="small muted">{`and ${count(cluster.customers_count - cluster.nodes.length)} more`}</p>
          )}
        </section>
      </div>
    </Frame>
  );
}

function Tile(props: { name: string; value: string }) {
  return (
    <div class="tile">
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
    </div>
  );
}
