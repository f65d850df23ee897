/** A small dense network as it is kept and served: plain typed arrays, no TF.js. */

interface DenseLayer {
  readonly inputs: number;
  readonly units: number;
  readonly activation: "linear" | "relu" | "tanh" | "sigmoid";
  /** Row-major, [inputs][units], as TF.js writes it. */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

export interface DenseNet {
  readonly inputs: number;
  readonly outputs: number;
  readonly layers: readonly DenseLayer[];
}
