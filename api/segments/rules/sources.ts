/** Where facts come from: the wide rows of some customers, and what is joined to them because a fact asks for it. */
import type { Binder } from "./binder.ts";

/** The bounds of the fifths, as the mart `customers_rfm` defines them. Monetary ones by currency. */
export interface RfmBounds {
  readonly recency: readonly number[];
  readonly frequency: readonly number[];
  readonly monetary: ReadonlyMap<string, readonly number[]>;
}

/** A part of a project's customers by their order, after `after` up to `upto`; with `since` only those refreshed since. */
export interface Population {
  readonly projectId: string;
  readonly after: string;
  readonly upto: string;
  /** Epoch ms by the clock of the warehouse. */
  readonly since: number | null;
}

export interface Surroundings {
  /** Epoch ms. */
  readonly now: number;
  /** Undefined when nothing asks for scores by fifths. */
  readonly rfm: RfmBounds | undefined;
  /** Ids of static segments by name. */
  readonly staticSegments: ReadonlyMap<string, string>;
}

const dayMs = 86_400_000;

export class Sources {
  private readonly binder: Binder;
  private readonly surroundings: Surroundings;
  private boundNow: string | undefined;
  private readonly columns = {
    o: new Map<string, string>(),
    r: new Map<string, string>(),
    e: new Map<string, string>(),
  };
  private readonly asked = { prediction: false, segments: false };

  constructor(binder: Binder, surroundings: Surroundings) {
    this.binder = binder;
    this.surroundings = surroundings;
  }

  /** Epoch ms, bound. */
  now(): string {
    this.boundNow ??= this.binder.integer(this.surroundings.now);
    return this.boundNow;
  }

  /** Paid and not cancelled or refunded since, by when they were paid. */
  orders(what: "count" | "amount", windowDays: number): string {
    const since = () => this.since(windowDays);
    return what === "count"
      ? this.column("o", `count ${windowDays}`, () => `countIf(paid_at >= ${since()})`)
      : `${this.column("o", `amount ${windowDays}`, () => `sumMapIf(map(last.1, last.5), paid_at >= ${since()})`)}[w.currency]`;
  }

  /** Of which something stands, by when they were made. */
  redemptions(what: "count" | "amount", windowDays: number): string {
    const since = () => this.since(windowDays);
    return what === "count"
      ? this.column("r", `count ${windowDays}`, () => `sumIf(stands, at >= ${since()})`)
      : `${this.column("r", `amount ${windowDays}`, () => `sumMapIf(map(money, discount), at >= ${since()})`)}[w.currency]`;
  }

  events(type: "redemption.rejected" | "custom.recorded", name: string | null, windowDays: number | null): string {
    return this.column("e", JSON.stringify([type, name, windowDays]), () => {
      const named = name === null ? "" : ` AND name = ${this.binder.text(name)}`;
      const recent = windowDays === null ? "" : ` AND occurred_at >= ${this.since(windowDays)}`;
      return `countIf(type = '${type}'${named}${recent})`;
    });
  }

  prediction(): string {
    this.asked.prediction = true;
    return "p";
  }

  /** Ids of the static segments that the customer is in. */
  segments(): string {
    this.asked.segments = true;
    return "s.ids";
  }

  /** Ids of the named segments; one that is not there has an id that nobody has. */
  segmentIds(names: readonly string[]): string[] {
    return names.map((name) => this.surroundings.staticSegments.get(name) ?? `unknown:${name}`);
  }

  rfm() {
    const { rfm } = this.surroundings;
    if (rfm === undefined) throw new Error("the bounds of the fifths were not read");
    const above = (bounds: string, value: string) => `1 + arrayCount(b -> b > -${value}, ${bounds})`;
    const score = (count: string) => `if(w.orders_count = 0, 0, ${count})`;
    const recency = score(
      above(this.binder.integers(rfm.recency), "toUnixTimestamp64Milli(assumeNotNull(w.last_order_at))"),
    );
    const frequency = score(above(this.binder.integers(rfm.frequency), "toInt64(w.orders_count)"));
    const monetary = score(above(`${this.binder.lists(rfm.monetary)}[toString(w.currency)]`, "w.orders_amount"));
    const segment = `multiIf(w.orders_count = 0, 'no orders', ${recency} >= 4 AND ${frequency} >= 4, 'champions',
      ${recency} >= 3 AND ${frequency} >= 3, 'loyal', ${recency} >= 4 AND w.orders_count = 1, 'new',
      ${recency} >= 3, 'promising', ${frequency} >= 3, 'at risk', 'lost')`;
    return { recency, frequency, monetary, segment };
  }

  /** After every fact was asked for. */
  from({ projectId, after, upto, since }: Population): string {
    const range = `project_id = ${this.binder.text(projectId)} AND customer > ${this.binder.text(after)}
      AND customer <= ${this.binder.text(upto)}`;
    const refreshed = since === null ? "" : ` AND refreshed_at >= ${this.binder.instant(since)}`;
    const who =
      since === null
        ? range
        : `${range} AND customer IN (SELECT customer FROM customers_wide WHERE ${range}${refreshed})`;
    return `(SELECT * FROM customers_wide FINAL WHERE ${range}${refreshed}) AS w${this.joins(who)}`;
  }

  private joins(who: string): string {
    const joined: string[] = [];
    const { o, r, e } = this.columns;
    if (o.size > 0) {
      joined.push(`(SELECT customer, ${listed("o", o)} FROM latest_orders WHERE ${who} AND status = 'paid'
        GROUP BY customer) AS o ON o.customer = w.customer`);
    }
    if (r.size > 0) {
      joined.push(`(SELECT customer, ${listed("r", r)} FROM (
          SELECT customer, redemption_id, minIf(occurred_at, type = 'redemption.succeeded') AS at,
            any(toString(currency)) AS money,
            sum(if(type = 'redemption.succeeded', discount_amount, -discount_amount)) AS discount,
            toInt64(countIf(type = 'redemption.succeeded'))
              - toInt64(countIf(type = 'redemption.rolled_back' AND outcome != 'part')) AS stands
          FROM events WHERE ${who} AND type IN ('redemption.succeeded', 'redemption.rolled_back')
          GROUP BY customer, redemption_id)
        GROUP BY customer) AS r ON r.customer = w.customer`);
    }
    if (e.size > 0) {
      joined.push(`(SELECT customer, ${listed("e", e)} FROM events
        WHERE ${who} AND type IN ('redemption.rejected', 'custom.recorded')
        GROUP BY customer) AS e ON e.customer = w.customer`);
    }
    if (this.asked.prediction) {
      // Nullable, so that whoever has no prediction has null and not zero.
      joined.push(`(SELECT customer, toNullable(predicted_value_amount_365d) AS predicted_value_amount_365d,
          toNullable(expected_orders_90d) AS expected_orders_90d, toNullable(probability_alive) AS probability_alive,
          toNullable(engagement) AS engagement
        FROM customer_predictions_raw FINAL WHERE ${who}) AS p ON p.customer = w.customer`);
    }
    if (this.asked.segments) {
      joined.push(`(SELECT customer, groupArray(segment_id) AS ids FROM segment_members
        WHERE ${who} AND member = 1 GROUP BY customer) AS s ON s.customer = w.customer`);
    }
    return joined.map((join) => `\nLEFT JOIN ${join}`).join("");
  }

  private since(windowDays: number): string {
    return this.binder.instant(this.surroundings.now - windowDays * dayMs);
  }

  private column(table: "o" | "r" | "e", asked: string, sql: () => string): string {
    const columns = this.columns[table];
    let known = columns.get(asked);
    if (known === undefined) {
      known = sql();
      columns.set(asked, known);
    }
    return `${table}.${table}${[...columns.keys()].indexOf(asked)}`;
  }
}

/** Named by their place: `o0, o1 …`. */
function listed(table: string, columns: ReadonlyMap<string, string>): string {
  return [...columns.values()].map((sql, at) => `${sql} AS ${table}${at}`).join(", ");
}
