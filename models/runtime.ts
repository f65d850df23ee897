/**
 * TF.js for training, on the fastest backend this machine has: the native one where the optional package
 * `tfjs-node-native` could be installed, WASM (SIMD) elsewhere. Serving does without it, see `dense.ts`.
 */
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import type * as tfjs from "@tensorflow/tfjs";

export type TensorFlow = typeof tfjs;
export type Backend = "tfjs-node" | "wasm";

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
  if (!(await tf.setBackend("wasm"))) throw new Error("the WASM backend of TF.js does not start");
  await tf.ready();
  return { tf, backend: "wasm" };
}
