import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { alertKinds } from "../../../api/data-health/schemas.ts";
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

  it("name every metric of the delivery and every alert that the product raises", () => {
    const operations = read("docs/operations.md");
    const metrics = [...read("api/health/delivery-metrics.ts").matchAll(/(?:gauge\(|name: )"([a-z_]+)"/g)];
    const named = [...metrics.map((match) => match[1] ?? ""), ...alertKinds];
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((name) => !operations.includes(`\`${name}`))).toEqual([]);
  });

  it("link only to headings that are there", () => {
    const slug = (heading: string) =>
      heading
        .toLowerCase()
        .replace(/[^a-z0-9 _-]/g, "")
        .trim()
        .replaceAll(" ", "-");
    const broken = documents.flatMap((document) => {
      const text = read(document);
      const headings = new Set([...text.matchAll(/^#+ (.+)$/gm)].map((match) => slug(match[1] ?? "")));
      return [...text.matchAll(/\]\(#([^)]+)\)/g)]
        .map((match) => match[1] ?? "")
        .filter((anchor) => !headings.has(anchor))
        .map((anchor) => `${document}: #${anchor}`);
    });
    expect(broken).toEqual([]);
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
      [...read(document).matchAll(/npm run ([a-z0-9:-]+)/g)]
        .map((match) => match[1] ?? "")
        .filter((name) => !(name in scripts))
        .map((name) => `${document}: npm run ${name}`),
    );
    expect(unknown).toEqual([]);
  });
});
