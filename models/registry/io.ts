/**
 * TF.js's own file format without tfjs-node, which alone has `file://` handlers: one handler that collects a model
 * into the bytes of `model.json` and `weights.bin`, and one that gives such bytes back.
 */
import type { io } from "@tensorflow/tfjs";

export interface ModelFiles {
  readonly modelJson: string;
  readonly weights: Uint8Array;
}

export function collectModel(keep: (files: ModelFiles) => void): io.IOHandler {
  return {
    save: async (artifacts) => {
      const weights = new Uint8Array(joined(artifacts.weightData));
      const modelJson = JSON.stringify({
        format: "layers-model",
        generatedBy: artifacts.generatedBy ?? null,
        convertedBy: null,
        modelTopology: artifacts.modelTopology,
        weightsManifest: [{ paths: ["weights.bin"], weights: artifacts.weightSpecs }],
      });
      keep({ modelJson, weights });
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
    },
  };
}

export function giveModel(files: ModelFiles): io.IOHandler {
  return {
    load: async () => {
      const model = JSON.parse(files.modelJson) as {
        modelTopology: object;
        weightsManifest: { weights: io.WeightsManifestEntry[] }[];
      };
      return {
        modelTopology: model.modelTopology,
        weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
        weightData: files.weights.slice().buffer,
      };
    },
  };
}

function joined(data: io.ModelArtifacts["weightData"]): ArrayBuffer {
  if (data === undefined) throw new RangeError("the model has no weights");
  if (!Array.isArray(data)) return data;
  return Uint8Array.from(data.flatMap((part) => [...new Uint8Array(part)])).buffer;
}
