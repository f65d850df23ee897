/**
 * The network member, trained by TF.js: two hidden layers over the design, dropout, decoupled weight decay by way of an
 * L2 term. The loop is our own, since the seed of TF.js's dropout layer gives every batch the same mask.
 */
import type { Tensor, Tensor2D, Variable } from "@tensorflow/tfjs";
import type { DenseNet } from "../../dense.ts";
import type { TensorFlow } from "../../runtime.ts";
import { permutation, seeded } from "../../training/random.ts";

export interface NetworkOptions {
  readonly hidden: readonly number[];
  readonly dropout: number;
  readonly decay: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly seed: number;
}

export interface NetworkData {
  /** Row-major. */
  readonly matrix: Float32Array;
  readonly width: number;
  readonly targets: ArrayLike<number>;
}

interface Layer {
  readonly kernel: Variable;
  readonly bias: Variable;
}

export class NetworkTrainer {
  readonly #tf: TensorFlow;
  readonly #options: NetworkOptions;
  readonly #random: () => number;
  readonly #layers: Layer[];
  readonly #sizes: readonly number[];
  readonly #optimizer;

  /** @param start the log-odds to begin at */
  constructor(tf: TensorFlow, width: number, start: number, options: NetworkOptions) {
    this.#tf = tf;
    this.#options = options;
    this.#random = seeded(options.seed);
    this.#sizes = [width, ...options.hidden, 1];
    this.#layers = options.hidden.concat(1).map((units, index) => {
      const inputs = this.#sizes[index] as number;
      // He's initialisation; the output begins at the base rate.
      const scale = units === 1 ? 0.01 : Math.sqrt(2 / inputs);
      const kernel = Float32Array.from({ length: inputs * units }, () => this.#normal() * scale);
      // A variable outlives the tidying, the tensor that it was made from does not.
      return tf.tidy(() => ({
        kernel: tf.variable(tf.tensor2d(kernel, [inputs, units])),
        bias: tf.variable(tf.tensor1d(new Float32Array(units).fill(units === 1 ? start : 0))),
      }));
    });
    this.#optimizer = tf.train.adam(options.learningRate);
  }

  /** Every row once, in a seeded order. */
  epoch({ matrix, width, targets }: NetworkData): void {
    const tf = this.#tf;
    const rows = targets.length;
    const order = permutation(rows, this.#random);
    for (let start = 0; start < rows; start += this.#options.batchSize) {
      const batch = order.subarray(start, Math.min(rows, start + this.#options.batchSize));
      const inputs = new Float32Array(batch.length * width);
      const outcome = new Float32Array(batch.length);
      for (const [at, row] of batch.entries()) {
        inputs.set(matrix.subarray(row * width, (row + 1) * width), at * width);
        outcome[at] = targets[row] as number;
      }
      tf.tidy(() => {
        const x = tf.tensor2d(inputs, [batch.length, width]);
        const y = tf.tensor2d(outcome, [batch.length, 1]);
        this.#optimizer.minimize(() => this.#loss(x, y), false, this.#variables());
      });
    }
  }

  #loss(x: Tensor2D, y: Tensor2D) {
    const tf = this.#tf;
    let values: Tensor2D = x;
    for (const [index, { kernel, bias }] of this.#layers.entries()) {
      values = tf.add(multiply(tf, values, kernel as unknown as Tensor2D, index === 0), bias);
      if (index < this.#layers.length - 1) values = this.#drop(tf.relu(values));
    }
    const fit = tf.losses.sigmoidCrossEntropy(y, values);
    const penalties = this.#layers.map(({ kernel }) => tf.sum(tf.square(kernel)));
    return tf.add(fit, tf.mul(tf.addN(penalties as Tensor[]), this.#options.decay)).asScalar();
  }

  #drop(values: Tensor2D): Tensor2D {
    const { dropout } = this.#options;
    if (dropout === 0) return values;
    return this.#tf.mul(values, this.#tf.tensor2d(dropMask(values.size, dropout, this.#random), values.shape));
  }

  #variables(): Variable[] {
    return this.#layers.flatMap(({ kernel, bias }) => [kernel, bias]);
  }

  /** The network as it is now, as plain arrays. */
  net(): DenseNet {
    const layers = this.#layers.map(({ kernel, bias }, index) => ({
      inputs: this.#sizes[index] as number,
      units: this.#sizes[index + 1] as number,
      activation: index < this.#layers.length - 1 ? ("relu" as const) : ("linear" as const),
      kernel: kernel.dataSync().slice() as Float32Array,
      bias: bias.dataSync().slice() as Float32Array,
    }));
    return { inputs: this.#sizes[0] as number, outputs: 1, layers };
  }

  dispose(): void {
    this.#tf.dispose(this.#variables());
    this.#optimizer.dispose();
  }

  /** Box and Muller's. */
  #normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.#random()));
    return radius * Math.cos(2 * Math.PI * this.#random());
  }
}

/**
 * The product of matrices, with gradients that transpose first: the WASM backend multiplies as they lie by a tuned kernel,
 * and what it is told to transpose on the way by three plain loops, which was most of the time of training.
 *
 * @param isInput whether `x` is data, which needs no gradient
 */
function multiply(tf: TensorFlow, x: Tensor2D, kernel: Tensor2D, isInput: boolean): Tensor2D {
  if (isInput) {
    const product = tf.customGrad((weights) => ({
      value: tf.matMul(x, weights as Tensor2D),
      gradFunc: (dy: Tensor) => tf.matMul(tf.transpose(x), dy as Tensor2D),
    }));
    return product(kernel) as Tensor2D;
  }
  const product = tf.customGrad((...given) => {
    const [values, weights, save] = given as unknown as [Tensor2D, Tensor2D, (tensors: Tensor[]) => void];
    save([values, weights]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [savedValues, savedWeights] = saved as [Tensor2D, Tensor2D];
      return [
        tf.matMul(dy as Tensor2D, tf.transpose(savedWeights)),
        tf.matMul(tf.transpose(savedValues), dy as Tensor2D),
      ];
    };
    return { value: tf.matMul(values, weights), gradFunc };
  });
  return product(x, kernel) as Tensor2D;
}

/** Zero at the share `dropout`, to the next 256th; the rest make up for it. One draw serves four cells. */
function dropMask(size: number, dropout: number, random: () => number): Float32Array {
  const dropped = Math.round(dropout * 256);
  const kept = 256 / (256 - dropped);
  const mask = new Float32Array(size);
  let bits = 0;
  for (let at = 0; at < size; at += 1) {
    bits = (at & 3) === 0 ? random() * 4_294_967_296 : bits >>> 8;
    mask[at] = (bits & 255) < dropped ? 0 : kept;
  }
  return mask;
}
