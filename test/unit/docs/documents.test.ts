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

/** Of the headings of a text, as a link names them. */
const headingsOf = (text: string) =>
  new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^a-z0-9 _-]/g, "")
        .trim()
        .replaceAll(" ", "-"),
    ),
  );

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
    const source = read("api/health/delivery-metrics.ts");
    const metrics = [...source.matchAll(/(?:gauge\(|ofConsumers\(|labelled\(|name: )\s*"([a-z_]+)"/g)];
    const named = [...metrics.map((match) => match[1] ?? ""), ...alertKinds];
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !operations.includes(`\`${name}`))).toEqual([]);
  });

  it("link only to headings that are there", () => {
    const broken = documents.flatMap((document) => {
      const text = read(document);
      const headings = headingsOf(text);
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
    expect(broken).toEqual([]);
  });

  it("name only headings of each other that are there, and show pictures that are there", () => {
    const broken = documents.flatMap((document) =>
      [...read(document).matchAll(/\]\(([^)#:]+)#([^)]+)\)/g)]
        .map(([, file = "", anchor = ""]) => ({ path: join(dirname(document), file), anchor }))
        .filter(({ path, anchor }) => !existsSync(join(root, path)) || !headingsOf(read(path)).has(anchor))
        .map(({ path, anchor }) => `${document}: ${path}#${anchor}`),
    );
    expect(broken).toEqual([]);
    const shown = documents.flatMap((document) =>
      [...read(document).matchAll(/(?:\]\(|src=")([^)"]+\.png)/g)].map((match) =>
        join(dirname(document), match[1] ?? ""),
      ),
    );
    expect(shown.length).toBeGreaterThan(15);
    expect(shown.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const pictures = readdirSync(join(root, "docs/images")).map((name) => join("docs/images", name));
    expect(pictures.filter((path) => !shown.includes(path))).toEqual([]);
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

it("docker-compose.yml gives the API the lists that workers write, and both the key that seals credentials", () => {
  expect(read("docker-compose.yml")).toMatch(/&sealing\n {2}TESSERA_SECRETS_KEY: \$\{TESSERA_SECRETS_KEY:\?/);
  const services = read("docker-compose.yml").split(/^ {2}(?=\w+:$)/m);
  for (const name of ["api", "workers"]) {
    const service = services.find((text) => text.startsWith(`${name}:\n    <<: *role`));
    expect(service, name).toContain("- lists:/data/list-exports");
    expect(service, name).toContain("<<: [*environment, *sealing]");
  }
});
