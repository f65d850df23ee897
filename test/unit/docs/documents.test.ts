import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { payloads } from "../../../ingest/events/events.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const markdown = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
const documents = [...markdown("."), ...markdown("docs"), ...markdown("docs/decisions"), ...markdown("notebooks")];

describe("the documents", () => {
  it("name every event type in the catalogue", () => {
    const catalogue = read("docs/events.md");
    expect(Object.keys(payloads).filter((type) => !catalogue.includes(`\`${type}\``))).toEqual([]);
  });

  it("name every setting", () => {
    const settings = [...read("api/config.ts").matchAll(/^ {2}([A-Z_]+): z/gm)].map((match) => match[1]);
    expect(settings.length).toBeGreaterThan(5);
    expect(settings.filter((name) => !read("docs/operations.md").includes(`\`${name}\``))).toEqual([]);
  });

  it("link only to files that are there", () => {
    const broken = documents.flatMap((document) =>
      [...read(document).matchAll(/\]\(([^)#:]+)\)/g)]
        .map((match) => match[1] ?? "")
        .filter((link) => !existsSync(join(root, dirname(document), link)))
        .map((link) => `${document}: ${link}`),
    );
    expect(broken.filter((line) => !line.endsWith(".png"))).toEqual([]);
  });

  it("name only commands that exist", () => {
    const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read("package.json")));
    const unknown = documents.flatMap((document) =>
      [...read(document).matchAll(/npm run ([a-z:-]+)/g)]
        .map((match) => match[1] ?? "")
        .filter((name) => !(name in scripts))
        .map((name) => `${document}: npm run ${name}`),
    );
    expect(unknown).toEqual([]);
  });
});
