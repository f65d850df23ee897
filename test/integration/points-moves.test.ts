/** The SQL of points by itself: what a lot, an entry and a balance do under any order of moves. */
import { beforeEach, describe, expect, it } from "vitest";
import { ensureCustomer } from "../../api/customers/ensure.ts";
import { newId } from "../../api/ids.ts";
import { expectExactPoints } from "../support/points.ts";
import { useStores } from "../support/stores.ts";

const app = useStores();
const day = 24 * 60 * 60_000;
const start = Date.UTC(2026, 0, 1);
const on = (days: number) => new Date(start + days * day);

let projectId: string;
let customerId: string;

beforeEach(async () => {
  projectId = newId("prj");
  await app.db.insertInto("project").values({ id: projectId, name: projectId }).execute();
  customerId = await customer("ada");
});

async function customer(identifier: string): Promise<string> {
  return (await ensureCustomer(app.db, projectId, identifier, on(0))).id;
}

interface Move {
  readonly points: number;
  readonly kind?: string;
  readonly reference?: string;
  readonly expires?: Date;
  readonly at?: Date;
}

async function move({ points, kind, reference, expires, at = on(0) }: Move): Promise<number> {
  const { rows } = await app.pool.query("select move_points($1, $2, $3, $4, null, $5, $6, $7) as balance", [
    projectId,
    customerId,
    points,
    kind ?? (points > 0 ? "earned" : "spent"),
    reference ?? null,
    expires ?? null,
    at,
  ]);
  return rows[0].balance;
}

async function available(at: Date): Promise<number> {
  const { rows } = await app.pool.query("select points_available($1, $2, $3) as n", [projectId, customerId, at]);
  return rows[0].n;
}

async function lots(): Promise<[number, string | null][]> {
  const { rows } = await app.pool.query(
    "select points_left, expires_at from points_lot where project_id = $1 order by expires_at nulls last",
    [projectId],
  );
  return rows.map((row) => [row.points_left, row.expires_at?.toISOString().slice(0, 10) ?? null]);
}

async function entries(): Promise<[string, number, number][]> {
  const { rows } = await app.pool.query(
    "select kind, points, balance_after from points_entry where project_id = $1 order by position",
    [projectId],
  );
  return rows.map((row) => [row.kind, row.points, row.balance_after]);
}

describe("points", () => {
  it("are spent from the lots that expire soonest, and from those that never do at last", async () => {
    await move({ points: 100 });
    await move({ points: 50, expires: on(20) });
    await move({ points: 30, expires: on(10) });
    expect(await move({ points: -40 })).toBe(140);
    expect(await lots()).toEqual([
      [40, "2026-01-21"],
      [100, null],
    ]);
    expect(await move({ points: -50 })).toBe(90);
    expect(await lots()).toEqual([[90, null]]);
    await expectExactPoints(app.pool, projectId);
  });

  it("of one expiry share one lot", async () => {
    for (let n = 0; n < 3; n += 1) {
      await move({ points: 10 });
      await move({ points: 10, expires: on(5) });
    }
    expect(await lots()).toEqual([
      [30, "2026-01-06"],
      [30, null],
    ]);
  });

  it("that are due count for nothing from that instant on, and make one entry when the account is next moved", async () => {
    await move({ points: 10, expires: on(1) });
    await move({ points: 20, expires: on(2) });
    await move({ points: 30, expires: on(3) });
    expect([await available(new Date(on(2).getTime() - 1)), await available(on(2))]).toEqual([50, 30]);
    expect(await move({ points: 0, kind: "expired", at: on(2) })).toBe(30);
    expect(await move({ points: 0, kind: "expired", at: on(2) })).toBe(30);
    expect((await entries()).slice(3)).toEqual([["expired", -30, 30]]);
    expect(await move({ points: 5, at: on(3) })).toBe(5);
    expect((await entries()).slice(4)).toEqual([
      ["expired", -30, 0],
      ["earned", 5, 5],
    ]);
    await expectExactPoints(app.pool, projectId);
  });

  it("that are due cannot be spent, and a refused spending changes nothing", async () => {
    await move({ points: 10, expires: on(1) });
    await move({ points: 20 });
    const before = [await lots(), await entries()];
    await expect(move({ points: -21, at: on(1) })).rejects.toMatchObject({ code: "TS001", detail: "20" });
    expect([await lots(), await entries()]).toEqual(before);
    expect(await move({ points: -20, at: on(1) })).toBe(0);
    await expectExactPoints(app.pool, projectId);
  });

  it("come back as they were taken, however often and in whatever parts they are returned", async () => {
    await move({ points: 30, expires: on(10) });
    await move({ points: 30, expires: on(20) });
    await move({ points: 30 });
    const before = await lots();
    await move({ points: -70, reference: "red_1" });
    expect(await move({ points: 25, kind: "returned", reference: "red_1" })).toBe(45);
    expect(await lots()).toEqual([
      [15, "2026-01-21"],
      [30, null],
    ]);
    expect(await move({ points: 45, kind: "returned", reference: "red_1" })).toBe(90);
    expect(await lots()).toEqual(before);
    expect(await move({ points: 7, kind: "returned", reference: "red_1", expires: on(30) })).toBe(97);
    expect((await lots()).at(-2)).toEqual([7, "2026-01-31"]);
    await expectExactPoints(app.pool, projectId);
  });

  it("come back to nobody who spends and returns to make them live longer", async () => {
    await move({ points: 30, expires: on(10) });
    await move({ points: -30, reference: "red_1", at: on(9) });
    await move({ points: 30, kind: "returned", reference: "red_1", at: on(11) });
    expect(await available(on(11))).toBe(0);
    expect(await move({ points: 0, kind: "expired", at: on(11) })).toBe(0);
    await expectExactPoints(app.pool, projectId);
  });

  it("that are revoked leave as they came, and buying and returning makes nothing live longer", async () => {
    await move({ points: 30, expires: on(1) });
    await move({ points: 40, expires: on(100), reference: "red_1" });
    await move({ points: -10, kind: "revoked", reference: "red_1" });
    await move({ points: -30, kind: "revoked", reference: "red_1" });
    expect(await lots()).toEqual([[30, "2026-01-02"]]);
    await move({ points: 20, expires: on(200), reference: "red_2" });
    await move({ points: -40 });
    expect(await lots()).toEqual([[10, "2026-07-20"]]);
    await move({ points: 5 });
    expect(await move({ points: -12, kind: "revoked", reference: "red_2" })).toBe(3);
    expect(await lots()).toEqual([[3, null]]);
    await expectExactPoints(app.pool, projectId);
  });

  it("announce every entry with the balance after it", async () => {
    await move({ points: 10, expires: on(1), reference: "red_1" });
    await move({ points: 5, at: on(1) });
    const { rows } = await app.pool.query(
      "select event_id, payload from outbox where project_id = $1 and type = 'points.changed' order by seq",
      [projectId],
    );
    expect(rows.map((row) => row.payload)).toMatchObject([
      { customer: "ada", kind: "earned", points: 10, balance: 10, reason: null, reference_id: "red_1" },
      { customer: "ada", kind: "expired", points: -10, balance: 0, reference_id: null },
      { customer: "ada", kind: "earned", points: 5, balance: 5 },
    ]);
    expect(new Set(rows.map((row) => row.event_id)).size).toBe(3);
    expect(rows[0].payload.entry_id).toMatch(/^pts_[0-9a-f]{32}$/);
  });

  it("are given to exactly as many of 200 simultaneous spenders as there are points for", async () => {
    await move({ points: 300, expires: on(10) });
    await move({ points: 300, expires: on(20) });
    await move({ points: 110 });
    const spends = await Promise.allSettled(Array.from({ length: 200 }, () => move({ points: -7 })));
    const refused = spends.filter((spend) => spend.status === "rejected");
    expect(refused.every((spend) => spend.reason.code === "TS001")).toBe(true);
    expect(spends.length - refused.length).toBe(Math.floor(710 / 7));
    expect(await available(on(0))).toBe(710 % 7);
    await expectExactPoints(app.pool, projectId);
  });

  it("add up after earning, spending, returning and expiring all at once, on an account that was not there", async () => {
    const moves = Array.from({ length: 200 }, (_, n): Move => {
      const at = on(n % 5);
      if (n % 4 === 0) return { points: 10 + n, at };
      if (n % 4 === 1) return { points: 20, expires: on((n % 7) + 1), reference: "red_1", at };
      if (n % 12 === 2) return { points: -9, kind: "revoked", reference: "red_1", at };
      if (n % 4 === 2) return { points: -15, reference: `red_${n}`, at };
      return n % 8 === 3
        ? { points: 0, kind: "expired", at }
        : { points: 5, kind: "returned", reference: `red_${n - 1}`, at };
    });
    const results = await Promise.allSettled(moves.map((each) => move(each)));
    const failed = results.filter((result) => result.status === "rejected");
    expect(failed.filter((result) => result.reason.code !== "TS001")).toEqual([]);
    expect(failed.length).toBeLessThan(200);
    await expectExactPoints(app.pool, projectId);
    const rest = await available(on(100));
    expect(await move({ points: 0, kind: "expired", at: on(100) })).toBe(rest);
    await expectExactPoints(app.pool, projectId);
  });

  it("expire by themselves in small batches, past accounts that are being moved", async () => {
    await move({ points: 10, expires: on(1) });
    await move({ points: 20, expires: on(2) });
    const other = await customer("bob");
    await app.pool.query("select move_points($1, $2, 5, 'earned', null, null, $3, $4)", [
      projectId,
      other,
      on(1),
      on(0),
    ]);
    const expire = async (count: number) =>
      (await app.pool.query("select expire_points($1, $2) as done", [count, on(2)])).rows[0].done;
    const holder = await app.pool.connect();
    await holder.query("begin");
    await holder.query("select from points_account where customer_id = $1 for update", [other]);
    expect(await expire(100)).toBe(1);
    await holder.query("commit");
    holder.release();
    expect([await expire(100), await expire(100)]).toEqual([1, 0]);
    expect((await entries()).filter(([kind]) => kind === "expired")).toEqual([
      ["expired", -30, 0],
      ["expired", -5, 0],
    ]);
    await expectExactPoints(app.pool, projectId);
  });
});
