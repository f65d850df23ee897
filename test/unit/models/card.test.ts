import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cardOf } from "../../../models/card.ts";
import { modelNames } from "../../../models/registry/manifest.ts";
import { readChampions, readModelManifest, registryDirectory } from "../../../models/registry/store.ts";
import { loadModels } from "../../../models/serving.ts";

describe("the models of the product", () => {
  // Effects are a project's own: nothing of another shop's holdouts comes with the product.
  it.each(modelNames.filter((name) => name !== "uplift"))(
    "have a card that says what their manifest says, and serve: %s",
    async (name) => {
      const version = (await readChampions(registryDirectory))[name];
      if (version === undefined) throw new Error(`no ${name} model comes with the product`);
      const manifest = await readModelManifest(registryDirectory, name, version);
      expect(await readFile(join(registryDirectory, name, version, "CARD.md"), "utf8")).toBe(cardOf(manifest));
      const refused: unknown[] = [];
      const log = { info: () => undefined, warn: () => undefined, error: (about: unknown) => void refused.push(about) };
      const models = await loadModels({ log });
      expect(refused).toEqual([]);
      expect(models.serving("any", name)).toEqual({ version, source: "product" });
    },
  );
});
