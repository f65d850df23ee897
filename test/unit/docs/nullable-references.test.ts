import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

type Node = Readonly<Record<string, unknown>>;

const document: Node = JSON.parse(readFileSync(new URL("../../../openapi.json", import.meta.url), "utf8"));

/** Each object of the document with where it stands. */
function* nodes(node: unknown, at = ""): Generator<readonly [string, Node]> {
  if (typeof node !== "object" || node === null) return;
  if (!Array.isArray(node)) yield [at, node as Node];
  for (const [name, child] of Object.entries(node)) yield* nodes(child, `${at}/${name}`);
}

const isNull = (schema: Node) => schema.type === "null";

it("what may be null and is a component is any of the two: nothing is all of them", () => {
  const all = [...nodes(document)];
  const impossible = all.filter(([, { allOf }]) => {
    const schemas = (allOf ?? []) as readonly Node[];
    return schemas.some(({ type }) => type === "null" || (Array.isArray(type) && type.includes("null")));
  });
  expect(impossible.map(([at]) => at)).toEqual([]);
  const nullable = all.filter(([, { anyOf }]) => {
    const schemas = (anyOf ?? []) as readonly Node[];
    return schemas.some(isNull) && schemas.some(({ $ref }) => $ref !== undefined);
  });
  expect(nullable.map(([at]) => at)).toContain("/components/schemas/NewWorkflow/properties/conditions");
});
