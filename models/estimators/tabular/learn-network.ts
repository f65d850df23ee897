/** The TF.js network as a member: the epochs that are best on the held-back rows, then so many over all rows. */
import type { DenseNet } from "../../dense.ts";
import type { TensorFlow } from "../../runtime.ts";
import { concatenate, type Judged, lossOf } from "./judge.ts";
import { netOutput } from "./net-credit.ts";
import { NetworkTrainer } from "./network.ts";
import type { Held, Prepared, PreparedFold } from "./prepare.ts";

const epochsMax = 30;
const patience = 3;
/** Below this a network learns the rows by heart before it learns anything else. */
export const networkRowsMin = 300;
/** Each is fitted from another start; a request pays for every one. */
const networksMax = 3;
/** Rows shown over all folds and epochs: what keeps large tables within a minute or two. */
const visitsMax = 1_500_000;

function optionsFor(rows: number, seed: number) {
  return {
    hidden: [64, 32],
    dropout: 0.2,
    decay: 1e-4,
    learningRate: 0.003,
    batchSize: Math.max(64, Math.min(1024, 2 ** Math.round(Math.log2(rows / 30)))),
    seed,
  };
}

export async function judgeNetwork(tf: TensorFlow, folds: readonly PreparedFold[], seed: number): Promise<Judged> {
  const learners = folds.map(({ train, held }) => ({
    trainer: new NetworkTrainer(tf, train.design.width, train.start, optionsFor(train.labels.length, seed)),
    data: { matrix: train.matrix, width: train.design.width, targets: train.labels },
    held,
  }));
  const labels = concatenate(folds.map(({ held }) => held.labels));
  const rows = learners.reduce((sum, { data }) => sum + data.targets.length, 0);
  const epochs = Math.max(3, Math.min(epochsMax, Math.floor(visitsMax / rows)));
  let best: Judged = { logits: new Float64Array(0), loss: Number.POSITIVE_INFINITY, capacity: 0 };
  for (let epoch = 1; epoch <= epochs && epoch - best.capacity <= patience; epoch += 1) {
    for (const { trainer, data } of learners) trainer.epoch(data);
    const logits = concatenate(learners.map(({ trainer, held }) => scoreNet(trainer.net(), held)));
    const loss = lossOf(logits, labels);
    if (loss < best.loss) best = { logits, loss, capacity: epoch };
    // Lets timers and signals of the process through between epochs.
    await new Promise(setImmediate);
  }
  for (const { trainer } of learners) trainer.dispose();
  return best;
}

export async function fitNetworks(
  tf: TensorFlow,
  prepared: readonly Prepared[],
  epochs: number,
  seed: number,
): Promise<DenseNet[]> {
  const nets: DenseNet[] = [];
  for (const [index, { matrix, design, labels, start }] of prepared.slice(0, networksMax).entries()) {
    const trainer = new NetworkTrainer(tf, design.width, start, optionsFor(labels.length, seed + index));
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      trainer.epoch({ matrix, width: design.width, targets: labels });
      await new Promise(setImmediate);
    }
    nets.push(trainer.net());
    trainer.dispose();
  }
  return nets;
}

function scoreNet(net: DenseNet, { matrix, labels }: Held): Float64Array {
  return Float64Array.from({ length: labels.length }, (_, row) =>
    netOutput(net, matrix.subarray(row * net.inputs, (row + 1) * net.inputs)),
  );
}
