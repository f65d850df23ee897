/** Whoever adds a column that may hold something about a person says what an erasure does with it. */
import { expect, it } from "vitest";
import { elsewhere, impersonal, impersonalTables, mentioningPlaces, ownPlaces } from "../../api/erasures/places.ts";
import { useStores } from "../support/stores.ts";

const stores = useStores();

it("knows of every text of every table whether it is about a person", async () => {
  const { rows } = await stores.pool.query<{ table_name: string; column_name: string }>(
    `select c.table_name, c.column_name from information_schema.columns c
     join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.udt_name in ('text', 'varchar', 'json', 'jsonb', '_text', '_jsonb')
       -- Ids are random, and name rows.
       and c.column_name <> 'id' and c.column_name !~ '_ids?$'
     order by 1, 2`,
  );
  expect(rows.length).toBeGreaterThan(100);
  const places = [...ownPlaces, ...mentioningPlaces];
  const decided = (table: string, column: string) =>
    impersonalTables.includes(table) ||
    places.some((place) => place.table === table && column in place.columns) ||
    elsewhere[table]?.includes(column) === true ||
    impersonal[table]?.includes(column) === true;
  expect(rows.filter((row) => !decided(row.table_name, row.column_name))).toEqual([]);
});

it("names no column that there is not", async () => {
  const { rows } = await stores.pool.query<{ name: string }>(
    "select table_name || '.' || column_name as name from information_schema.columns where table_schema = 'public'",
  );
  const known = new Set(rows.map((row) => row.name));
  const named = [
    ...[...ownPlaces, ...mentioningPlaces].flatMap(({ table, columns }) =>
      Object.keys(columns).map((column) => `${table}.${column}`),
    ),
    ...[elsewhere, impersonal].flatMap((list) =>
      Object.entries(list).flatMap(([table, columns]) => columns.map((column) => `${table}.${column}`)),
    ),
  ];
  expect(named.filter((name) => !known.has(name))).toEqual([]);
  expect(impersonalTables.filter((table) => ![...known].some((name) => name.startsWith(`${table}.`)))).toEqual([]);
});
