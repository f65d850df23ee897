/** A fitted ranker, and how it is read back. Nothing here needs TF.js. */
import { z } from "zod";
import type { ColumnShape, Row, Table } from "../table.ts";
import type { BinaryModel, EstimatorFiles } from "../tabular/binary-model.ts";
import { loadBinary } from "../tabular/load.ts";
import type { RankingModel } from "./ranking-model.ts";

interface Step {
  /** What reaching the step adds. */
  readonly gain: number;
  readonly model: BinaryModel;
}

export class Ranker implements RankingModel {
  readonly #steps: readonly Step[];

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  get columns(): readonly ColumnShape[] {
    return this.#steps[0]?.model.columns ?? [];
  }

  score(table: Table): Float64Array {
    const scores = new Float64Array(table.rows);
    for (const { gain, model } of this.#steps) {
      for (const [row, p] of model.predict(table).entries()) scores[row] = (scores[row] as number) + gain * p;
    }
    return scores;
  }

  scoreRow(row: Row): number {
    return this.#steps.reduce((sum, { gain, model }) => sum + gain * model.predictRow(row), 0);
  }

  toFiles(): EstimatorFiles {
    const gains = new TextEncoder().encode(JSON.stringify(this.#steps.map(({ gain }) => gain)));
    const files = this.#steps.flatMap(({ model }, index) =>
      Object.entries(model.toFiles()).map(([name, bytes]): [string, Uint8Array] => [`step-${index}/${name}`, bytes]),
    );
    return { "gains.json": gains, ...Object.fromEntries(files) };
  }
}

/** @throws ZodError or RangeError when the files are not those of a ranker */
export function loadRanking(files: EstimatorFiles): RankingModel {
  const bytes = files["gains.json"];
  if (bytes === undefined) throw new RangeError("gains.json is missing");
  const gains = z
    .array(z.number())
    .min(1)
    .parse(JSON.parse(new TextDecoder().decode(bytes)));
  const steps = gains.map((gain, index) => {
    const prefix = `step-${index}/`;
    const own = Object.entries(files).filter(([name]) => name.startsWith(prefix));
    return {
      gain,
      model: loadBinary(Object.fromEntries(own.map(([name, part]) => [name.slice(prefix.length), part]))),
    };
  });
  return new Ranker(steps);
}
