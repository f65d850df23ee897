import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createShippedModels } from "../../../api/models/shipped.ts";
import { ModelRefused } from "../../../models/registry/refuse.ts";
import { readChampions, readModelManifest, registryDirectory } from "../../../models/registry/store.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "registry-"));
  await cp(registryDirectory, directory, { recursive: true });
});
afterEach(() => rm(directory, { recursive: true }));

describe("a registry of files whose list of champions is broken", () => {
  it.each(["{bad", '{"risk": 7}', "[]"])("says which file and why: %s", async (text) => {
    await writeFile(join(directory, "champions.json"), text);
    const read = readChampions(directory);
    await expect(read).rejects.toThrow(ModelRefused);
    await expect(read).rejects.toThrow(/^champions\.json cannot be read: /);
  });

  it("has no models of the product to tell of, and does not fail who asks", async () => {
    expect(await createShippedModels(directory)()).not.toEqual([]);
    await writeFile(join(directory, "champions.json"), "{bad");
    expect(await createShippedModels(directory)()).toEqual([]);
  });
});

it("names the manifest that cannot be read, and refuses its model", async () => {
  const { risk = "" } = await readChampions(directory);
  const path = join(directory, "risk", risk, "manifest.json");
  await writeFile(path, (await readFile(path, "utf8")).slice(0, 500));
  const read = readModelManifest(directory, "risk", risk);
  await expect(read).rejects.toThrow(ModelRefused);
  await expect(read).rejects.toThrow(/^manifest\.json cannot be read: /);
});
