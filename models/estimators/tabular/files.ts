/**
 * Members and their encoding as two files: `model.json` says what there is, `model.bin` holds the long arrays one after another. The
 * same ensemble gives the same bytes, and what is read back predicts the same to the last bit.
 */
import { z } from "zod";
import type { DenseNet } from "../../dense.ts";
import type { EstimatorFiles } from "./binary-model.ts";
import { type Design, describeDesign } from "./design.ts";
import { distanceMax, type Forest } from "./forest.ts";
import { describeInputs, type LevelTable } from "./inputs.ts";
import type { Member, MemberParts } from "./members.ts";

const types = {
  Float64: Float64Array,
  Float32: Float32Array,
  Int32: Int32Array,
  Int16: Int16Array,
  Uint8: Uint8Array,
};
type TypeName = keyof typeof types;
type Numbers = Float64Array | Float32Array | Int32Array | Int16Array | Uint8Array;

const arraySchema = z.object({
  type: z.enum(["Float64", "Float32", "Int32", "Int16", "Uint8"]),
  length: z.int().nonnegative(),
});

const finite = z.number();
const partSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("levels"), input: z.int(), codes: z.int() }),
  z.object({
    kind: z.literal("number"),
    input: z.int(),
    mean: finite,
    spread: finite,
    knots: z.array(finite),
    missing: z.boolean(),
  }),
]);

const memberSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("forest"), name: z.string(), start: finite }),
  z.object({ kind: z.literal("linear"), name: z.string(), intercept: finite }),
  z.object({ kind: z.literal("network"), name: z.string(), sizes: z.array(z.array(z.int().positive())) }),
]);

const levelSchema = z.tuple([z.string(), z.int(), finite, finite]);

const modelSchema = z.object({
  format: z.literal("tessera-tabular-1"),
  columns: z.array(z.object({ name: z.string(), kind: z.enum(["numeric", "categorical"]) })),
  tables: z.array(
    z.object({ unseen: finite, counted: z.boolean(), averaged: z.boolean(), levels: z.array(levelSchema) }).nullable(),
  ),
  design: z.array(partSchema),
  members: z.array(memberSchema),
  weights: z.array(finite),
  intercept: finite,
  arrays: z.array(arraySchema),
});

export function writeParts(parts: MemberParts): EstimatorFiles {
  const arrays: Numbers[] = [parts.reference, ...parts.members.flatMap(arraysOf)];
  const model: z.infer<typeof modelSchema> = {
    format: "tessera-tabular-1",
    columns: parts.encoder.columns.map(({ name, kind }) => ({ name, kind })),
    tables: parts.encoder.tables.map((table) => (table === undefined ? null : writeLevels(table))),
    design: parts.design.parts.map((part) => (part.kind === "levels" ? part : { ...part, knots: [...part.knots] })),
    members: parts.members.map(describeMember),
    weights: [...parts.weights],
    intercept: parts.intercept,
    arrays: arrays.map((array) => ({ type: typeName(array), length: array.length })),
  };
  return { "model.json": new TextEncoder().encode(JSON.stringify(model)), "model.bin": pack(arrays) };
}

/** @throws ZodError for another format, RangeError when the two files do not fit together */
export function readParts(files: EstimatorFiles): MemberParts {
  const json = files["model.json"];
  const bytes = files["model.bin"];
  if (json === undefined || bytes === undefined) throw new RangeError("model.json and model.bin belong together");
  const model = modelSchema.parse(JSON.parse(new TextDecoder().decode(json)));
  const arrays = unpack(model.arrays, bytes);
  const next = () => {
    const array = arrays.shift();
    if (array === undefined) throw new RangeError("model.bin holds too few arrays");
    return array;
  };
  const reference = next() as Float32Array;
  const members = model.members.map((member) => readMember(member, next));
  if (arrays.length > 0) throw new RangeError("model.bin holds too many arrays");
  if (model.weights.length !== members.length) throw new RangeError("there is not one weight per member");
  const encoder = describeInputs(
    model.columns,
    model.tables.map((table) => (table === null ? undefined : readLevels(table))),
  );
  const design: Design = describeDesign(model.design);
  if (reference.length !== design.width) throw new RangeError("the reference does not fit the design");
  return {
    encoder,
    design,
    reference,
    members,
    weights: model.weights,
    intercept: model.intercept,
  };
}

function readMember(member: z.infer<typeof memberSchema>, next: () => Numbers): Member {
  switch (member.kind) {
    case "forest":
      return { ...member, forest: readForest(next) };
    case "linear":
      return { ...member, weights: next() as Float64Array };
    case "network":
      return { kind: "network", name: member.name, nets: member.sizes.map((sizes) => readNet(sizes, next)) };
  }
}

function writeLevels({ levels, unseen, counted, averaged }: LevelTable) {
  const rows = [...levels].map(([key, { code, mean, count }]): [string, number, number, number] => [
    key,
    code,
    mean,
    count,
  ]);
  return { unseen: unseen.mean, counted, averaged, levels: rows };
}

function readLevels(table: {
  readonly unseen: number;
  readonly counted: boolean;
  readonly averaged: boolean;
  readonly levels: readonly (readonly [string, number, number, number])[];
}): LevelTable {
  return {
    levels: new Map(table.levels.map(([key, code, mean, count]) => [key, { code, mean, count }])),
    unseen: { code: 0, mean: table.unseen, count: 0 },
    counted: table.counted,
    averaged: table.averaged,
  };
}

function arraysOf(member: Member): Numbers[] {
  switch (member.kind) {
    case "forest": {
      const { roots, input, threshold, flags, left, value } = member.forest;
      return [roots, input, threshold, flags, left, value];
    }
    case "linear":
      return [member.weights];
    case "network":
      return member.nets.flatMap((net) => net.layers.flatMap(({ kernel, bias }) => [kernel, bias]));
  }
}

function describeMember(member: Member): z.infer<typeof memberSchema> {
  const { name } = member;
  switch (member.kind) {
    case "forest":
      return { kind: "forest", name, start: member.start };
    case "linear":
      return { kind: "linear", name, intercept: member.intercept };
    case "network": {
      const sizes = member.nets.map((net) => [net.inputs, ...net.layers.map(({ units }) => units)]);
      return { kind: "network", name, sizes };
    }
  }
}

function readForest(next: () => Numbers): Forest {
  const roots = next() as Int32Array;
  const input = next() as Int16Array;
  const threshold = next() as Float32Array;
  const flags = next() as Uint8Array;
  const left = next() as Int32Array;
  const value = next() as Float32Array;
  // A child lies after its parent, so every walk ends; whoever reads a broken file must not hang.
  const astray = (child: number, node: number) =>
    child !== 0 && (child <= node || child - node > distanceMax || child + 1 >= left.length);
  if (left.some(astray)) {
    throw new RangeError("a tree points outside itself");
  }
  if (roots.some((root) => root < 0 || root >= left.length)) throw new RangeError("a tree begins outside the forest");
  return { roots, input, threshold, flags, left, value };
}

function readNet(sizes: readonly number[], next: () => Numbers): DenseNet {
  const layers = sizes.slice(1).map((units, index) => {
    const inputs = sizes[index] as number;
    const kernel = next() as Float32Array;
    const bias = next() as Float32Array;
    if (kernel.length !== inputs * units || bias.length !== units) throw new RangeError("a layer has the wrong size");
    const last = index === sizes.length - 2;
    return { inputs, units, activation: last ? ("linear" as const) : ("relu" as const), kernel, bias };
  });
  return { inputs: sizes[0] as number, outputs: 1, layers };
}

function typeName(array: Numbers): TypeName {
  const found = (Object.keys(types) as TypeName[]).find((name) => array instanceof types[name]);
  if (found === undefined) throw new TypeError("no such array is written");
  return found;
}

function pack(arrays: readonly Numbers[]): Uint8Array {
  const bytes = new Uint8Array(arrays.reduce((sum, array) => sum + array.byteLength, 0));
  let offset = 0;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
    offset += array.byteLength;
  }
  return bytes;
}

function unpack(specs: readonly z.infer<typeof arraySchema>[], bytes: Uint8Array): Numbers[] {
  let offset = 0;
  const arrays = specs.map(({ type, length }): Numbers => {
    const end = offset + length * types[type].BYTES_PER_ELEMENT;
    if (end > bytes.byteLength) throw new RangeError("model.bin is too short");
    // A copy, which begins where its type may begin.
    const { buffer } = bytes.slice(offset, end);
    offset = end;
    return new types[type](buffer);
  });
  if (offset !== bytes.byteLength) throw new RangeError("model.bin is too long");
  return arrays;
}
