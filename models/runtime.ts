/**
 * TF.js for training, on the fastest backend this machine has: the native one where the optional package
 * `tfjs-node-native` could be installed, WASM (SIMD) elsewhere. Serving does without it, see `serving.ts`. What is
 * trained on either is written in the same files.
 */
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import type * as tfjs from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";

export type TensorFlow = typeof tfjs;
type Backend = "tfjs-node" | "wasm";

export interface Runtime {
  readonly tf: TensorFlow;
  readonly backend: Backend;
}

/** A name the type checker does not follow: the package is optional, and its absence is normal. */
const nativePackage: string = "tfjs-node-native";

/** @throws when even the WASM backend does not start. */
export async function loadRuntime(): Promise<Runtime> {
  const native = await import(nativePackage).then(
    (module: { readonly default: TensorFlow }) => module.default,
    () => undefined,
  );
  if (native !== undefined) {
    await native.ready();
    return { tf: native, backend: "tfjs-node" };
  }
  const tf = await import("@tensorflow/tfjs");
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(`${dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"))}${sep}`);
  addSegmentSum(tf);
  if (!(await tf.setBackend("wasm"))) throw new Error("the WASM backend of TF.js does not start");
  await tf.ready();
  return { tf, backend: "wasm" };
}

const segmentSum = "UnsortedSegmentSum";

/**
 * The gradient of `gather`, which the WASM backend lacks: without it no embedding can be trained there. A scatter-add
 * over the rows of a batch; the CPU backend's goes through the whole vocabulary for each.
 */
function addSegmentSum(tf: TensorFlow): void {
  if (tf.getKernel(segmentSum, "wasm") !== undefined) return;
  tf.registerKernel({
    kernelName: segmentSum,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x, segmentIds } = inputs;
      const segments = attrs?.numSegments;
      if (x === undefined || segmentIds === undefined || typeof segments !== "number") {
        throw new TypeError("UnsortedSegmentSum needs x, segmentIds and numSegments");
      }
      const wasm = backend as BackendWasm;
      const out = wasm.makeOutput([segments, ...x.shape.slice(1)], x.dtype);
      const width = x.shape.slice(1).reduce((product, size) => product * size, 1);
      const from = wasm.typedArrayFromHeap(x) as Float32Array;
      const ids = wasm.typedArrayFromHeap(segmentIds) as Int32Array;
      const sums = wasm.typedArrayFromHeap(out) as Float32Array;
      sums.fill(0);
      for (const [row, id] of ids.entries()) {
        // As TensorFlow has it: an id outside the segments is dropped.
        if (id < 0 || id >= segments) continue;
        const source = row * width;
        const target = id * width;
        for (let at = 0; at < width; at += 1) sums[target + at] = (sums[target + at] ?? 0) + (from[source + at] ?? 0);
      }
      return out;
    },
  });
}
