/** Small models of the synthetic rows, trained once a file, and a context to train in. */
import type { Loaded } from "../../../models/loaded.ts";
import type { PersonalisationManifest, RiskManifest } from "../../../models/registry/manifest.ts";
import { loadRuntime, type Runtime } from "../../../models/runtime.ts";
import { trainPersonalisation } from "../../../models/training/personalisation.ts";
import type { Trained, TrainingContext } from "../../../models/training/report.ts";
import { trainRisk } from "../../../models/training/risk.ts";
import { offerExamples, riskExamples } from "./synthetic.ts";

export function quietly(runtime: Runtime, champion: Loaded | null = null): TrainingContext {
  return { runtime, seed: 7, say: () => undefined, champion };
}

export async function trainOffers(): Promise<Trained<PersonalisationManifest>> {
  return trainPersonalisation(quietly(await loadRuntime()), offerExamples(700));
}

export async function trainOrdinary(): Promise<Trained<RiskManifest>> {
  return trainRisk(quietly(await loadRuntime()), riskExamples(700));
}
