/** How well and how fast reviewers decide, and whether what they are shown is worth their time. */
import type { MetricsWire } from "../../reviews/schemas.ts";
import { count, money, percent, span, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import type { Viewer } from "../viewer.ts";

const choices = [7, 30, 90, 365] as const;

export function MetricsPage(props: { viewer: Viewer; metrics: MetricsWire }) {
  const { viewer, metrics } = props;
  return (
    <Frame title="How we decide" viewer={viewer} place="metrics">
      <div class="head">
        <div>
          <h1>How we decide</h1>
          <p>Precision: of what was decided, how much was fraud. Yield: what that saved.</p>
        </div>
        <nav class="tabs" aria-label="Days">
          {choices.map((days) => (
            <a
              class="tab"
              href={`/console/reviews/metrics?days=${days}`}
              aria-current={days === metrics.days ? "page" : undefined}
            >
              {`${days} days`}
            </a>
          ))}
        </nav>
      </div>
      <dl class="tiles">
        <Tile name="Precision" value={percent(metrics.precision)} />
        <Tile name="Decided" value={count(metrics.decided_count)} />
        {metrics.amounts.map((amount) => (
          <>
            <Tile name="Recovered" value={money(amount.recovered_amount, amount.currency)} />
            <Tile name="Prevented" value={money(amount.prevented_amount, amount.currency)} />
          </>
        ))}
        <Tile name="Open" value={count(metrics.open_count)} />
        <Tile name="Held" value={count(metrics.held_count)} />
        <Tile name="Overdue" value={count(metrics.overdue_count)} />
        <Tile name="Open ones wait (median)" value={lasting(metrics.median_age_seconds)} />
        <Tile name="Until decided (median)" value={lasting(metrics.median_seconds_to_decide)} />
      </dl>
      <div class="stack">
        <Reviewers metrics={metrics} />
        <Sources metrics={metrics} />
      </div>
    </Frame>
  );
}

function lasting(seconds: number | null): string {
  if (seconds === null) return "–";
  return seconds < 60 ? "under 1 min" : span(seconds);
}

function Tile(props: { name: string; value: string }) {
  return (
    <div class="tile">
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
    </div>
  );
}

function Precision(props: { value: number | null }) {
  return (
    <>
      <span class="number">{percent(props.value)}</span>
      {props.value !== null && (
        <svg class="meter" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
          <rect class="meter-track" width="100" height="4" rx="2" />
          <rect class="meter-done" width={100 * props.value} height="4" rx="2" />
        </svg>
      )}
    </>
  );
}

function Reviewers(props: { metrics: MetricsWire }) {
  const rows = props.metrics.by_reviewer;
  return (
    <section class="card">
      <h2>
        By reviewer<small>a key is a reviewer: give each their own</small>
      </h2>
      {rows.length === 0 ? (
        <p class="muted">Nobody has decided anything in these days.</p>
      ) : (
        <section class="scroll" aria-label="Decisions by reviewer" tabindex={0}>
          <table>
            <caption class="hidden-text">Decisions by reviewer</caption>
            <thead>
              <tr>
                <th scope="col">Reviewer</th>
                <th scope="col" class="right">
                  Decided
                </th>
                <th scope="col" class="right">
                  Fraud
                </th>
                <th scope="col" class="right">
                  Dismissed
                </th>
                <th scope="col" class="right">
                  Precision
                </th>
                <th scope="col" class="right">
                  Saved
                </th>
                <th scope="col" class="right">
                  Time on them
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr>
                  <td class="strong">
                    <Text value={row.reviewer.name ?? row.reviewer.id} max={60} />
                  </td>
                  <td class="right number">{count(row.decided_count)}</td>
                  <td class="right number">{count(row.confirmed_count)}</td>
                  <td class="right number">{count(row.dismissed_count)}</td>
                  <td class="right">
                    <Precision value={row.precision} />
                  </td>
                  <td class="right number">
                    {row.amounts.length === 0
                      ? "–"
                      : row.amounts
                          .map((one) => money(one.recovered_amount + one.prevented_amount, one.currency))
                          .join(" + ")}
                  </td>
                  <td class="right number">{lasting(row.working_seconds)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

const sourceWords = { model: "model", rule: "your rule", feature: "largest reason" } as const;

function Sources(props: { metrics: MetricsWire }) {
  const rows = props.metrics.by_source;
  if (rows.length === 0) return null;
  return (
    <section class="card">
      <h2>
        By what brought them<small>what is seldom fraud wastes reviewers' time</small>
      </h2>
      <section class="scroll" aria-label="Decisions by source" tabindex={0}>
        <table>
          <caption class="hidden-text">Decisions by what brought the reviews into the queue</caption>
          <thead>
            <tr>
              <th scope="col">Source</th>
              <th scope="col">Kind</th>
              <th scope="col" class="right">
                Decided
              </th>
              <th scope="col" class="right">
                Fraud
              </th>
              <th scope="col" class="right">
                Precision
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr>
                <td>
                  <Text value={row.name} max={80} />
                </td>
                <td class="muted">{sourceWords[row.kind]}</td>
                <td class="right number">{count(row.decided_count)}</td>
                <td class="right number">{count(row.confirmed_count)}</td>
                <td class="right">
                  <Precision value={row.precision} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
