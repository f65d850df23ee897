/** A fitted model of effects: members that give an effect, or a probability under each treatment. Needs no TF.js. */
import { z } from "zod";
import type { ColumnShape, Row, Table } from "../table.ts";
import type { EstimatorFiles } from "../tabular/binary-model.ts";
import { designRow } from "../tabular/design.ts";
import { readParts, writeParts } from "../tabular/files.ts";
import { encodeInputs, encodeRow } from "../tabular/inputs.ts";
import { type EncodedRow, type Member, type MemberParts, scoreMember } from "../tabular/members.ts";
import type { UpliftModel, UpliftReport } from "./uplift-model.ts";

const effectSchema = z.discriminatedUnion("kind", [
  /** A member whose output is the effect. */
  z.object({ kind: z.literal("direct"), weight: z.number(), member: z.int().nonnegative() }),
  /** Two members whose outputs are log-odds with and without the treatment. */
  z.object({
    kind: z.literal("difference"),
    weight: z.number(),
    treated: z.int().nonnegative(),
    control: z.int().nonnegative(),
  }),
]);

export type Effect = z.infer<typeof effectSchema>;

const upliftSchema = z.object({
  effects: z.array(effectSchema),
  intercept: z.number(),
  report: z.object({
    rows: z.int(),
    treated: z.int(),
    averageEffect: z.number(),
    members: z.array(z.object({ name: z.string(), weight: z.number(), gain: z.number() })),
  }),
});

export class Effects implements UpliftModel {
  readonly columns: readonly ColumnShape[];
  readonly report: UpliftReport;
  readonly #parts: MemberParts;
  readonly #effects: readonly Effect[];
  readonly #intercept: number;

  constructor(parts: MemberParts, effects: readonly Effect[], intercept: number, report: UpliftReport) {
    this.columns = parts.encoder.columns;
    this.report = report;
    this.#parts = parts;
    this.#effects = effects;
    this.#intercept = intercept;
  }

  predict(table: Table): Float64Array {
    const { values, width } = encodeInputs(this.#parts.encoder, table);
    return Float64Array.from({ length: table.rows }, (_, row) =>
      this.#effect(values.subarray(row * width, (row + 1) * width)),
    );
  }

  predictRow(row: Row): number {
    return this.#effect(encodeRow(this.#parts.encoder, row));
  }

  toFiles(): EstimatorFiles {
    const uplift: z.infer<typeof upliftSchema> = {
      effects: [...this.#effects],
      intercept: this.#intercept,
      report: { ...this.report, members: this.report.members.map((member) => ({ ...member })) },
    };
    return { ...writeParts(this.#parts), "uplift.json": new TextEncoder().encode(JSON.stringify(uplift)) };
  }

  #effect(inputs: Float64Array): number {
    const row = { inputs, design: designRow(this.#parts.design, inputs) };
    return this.#effects.reduce((sum, effect) => sum + effect.weight * this.#one(effect, row), this.#intercept);
  }

  #one(effect: Effect, row: EncodedRow): number {
    const score = (at: number) => scoreMember(this.#parts.members[at] as Member, row);
    return effect.kind === "direct"
      ? score(effect.member)
      : sigmoid(score(effect.treated)) - sigmoid(score(effect.control));
  }
}

export function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

/** @throws ZodError or RangeError when the files are not those of a model of effects */
export function loadUplift(files: EstimatorFiles): UpliftModel {
  const bytes = files["uplift.json"];
  if (bytes === undefined) throw new RangeError("uplift.json is missing");
  const { effects, intercept, report } = upliftSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  const parts = readParts(files);
  const named = effects.flatMap((effect) =>
    effect.kind === "direct" ? [effect.member] : [effect.treated, effect.control],
  );
  if (named.some((member) => member >= parts.members.length)) throw new RangeError("an effect names no member");
  return new Effects(parts, effects, intercept, report);
}
