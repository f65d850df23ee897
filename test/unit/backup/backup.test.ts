import { execFile } from "node:child_process";
import { appendFile, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BackupDamaged,
  copyHashed,
  readSums,
  type Sums,
  verifySums,
  writeSums,
} from "../../../api/backup/checksums.ts";
import { BackupRefused, type Manifest, refuseUnlessKnown } from "../../../api/backup/manifest.ts";
import { isNewer } from "../../../api/supervise/release.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tessera-sums-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("a backup's checksums", () => {
  const copyInto = async (text: string): Promise<Sums> => {
    const source = join(folder, "source");
    await writeFile(source, text);
    await mkdir(join(folder, "backup", "a"), { recursive: true });
    const copied = await copyHashed(source, join(folder, "backup", "a", "file"));
    const sums: Sums = new Map([["a/file", copied?.sha256 ?? ""]]);
    await writeSums(join(folder, "backup"), sums);
    return sums;
  };
  const verify = async () => {
    const backup = join(folder, "backup");
    await verifySums(backup, await readSums(backup), () => undefined);
  };

  it("hold for what was copied, through chunks, and for its owner only", async () => {
    const sums = await copyInto("x".repeat(2_500_000));
    expect(await readSums(join(folder, "backup"))).toEqual(sums);
    expect((await stat(join(folder, "backup", "a", "file"))).mode & 0o777).toBe(0o600);
    await verify();
  });

  it("do not hold once a byte was added, a file came or one went", async () => {
    await copyInto("whole");
    await appendFile(join(folder, "backup", "a", "file"), "!");
    await expect(verify()).rejects.toThrow(/a\/file is damaged/);
    await copyIntoFresh("whole");
    await writeFile(join(folder, "backup", "b"), "");
    await expect(verify()).rejects.toThrow(/b is no part of the backup/);
    await copyIntoFresh("whole");
    await rm(join(folder, "backup", "a", "file"));
    await expect(verify()).rejects.toThrow(/a\/file is missing/);
  });

  it("lead nowhere outside of the backup", async () => {
    await copyInto("whole");
    for (const path of ["../outside", "/outside", "a/../../outside"]) {
      await writeFile(join(folder, "backup", "SHA256SUMS"), `${"0".repeat(64)}  ${path}\n`);
      await expect(readSums(join(folder, "backup")), path).rejects.toThrow(BackupDamaged);
    }
  });

  it("are not those of a file that is gone", async () => {
    expect(await copyHashed(join(folder, "nothing"), join(folder, "copy"))).toBeUndefined();
  });

  it("are not given for a file of which only a part could be written", async () => {
    const source = join(folder, "source");
    await writeFile(source, "x".repeat(1_500_000));
    const module = new URL("../../../api/backup/checksums.ts", import.meta.url).href;
    const copying = `import { copyHashed } from "${module}";
      const copied = await copyHashed("${source}", "${join(folder, "copy")}").catch((error) => error.code);
      process.stdout.write(typeof copied === "string" ? copied : "copied");`;
    // As on a full disk, the last write that fits takes a part of what it is given.
    const limited = [
      "-c",
      'ulimit -f 2000; exec "$@"',
      "sh",
      process.execPath,
      "--import",
      "tsx",
      "--input-type=module",
    ];
    const { stdout } = await promisify(execFile)("sh", [...limited, "-e", copying]);
    expect(stdout).toBe("EFBIG");
    expect((await stat(join(folder, "copy"))).size).toBeLessThan(1_500_000);
  });

  async function copyIntoFresh(text: string) {
    await rm(join(folder, "backup"), { recursive: true });
    await copyInto(text);
  }
});

describe("a release restores a backup", () => {
  const own = {
    product: "1.2.0",
    postgres: "18.4",
    clickhouse: "26.7.3-stable.1",
    postgresMigrations: new Map([["001_a.sql", "a"]]),
    warehouseMigrations: new Set(["001_w.sql"]),
  };
  const backup: Manifest = {
    format: 1,
    product: "1.1.0",
    began_at: "2026-11-23T00:00:00Z",
    finished_at: "2026-11-23T00:01:00Z",
    postgres: { version: "18.2", migrations: [{ name: "001_a.sql", hash: "a" }], folders: [] },
    clickhouse: { version: "26.7.1.1", database: "tessera", migrations: ["001_w.sql"] },
    relay: { delivered_batch: null },
  };

  it("of its own or an earlier version", () => {
    expect(() => refuseUnlessKnown(backup, own)).not.toThrow();
    const earlier = { ...backup, postgres: { ...backup.postgres, migrations: [] } };
    expect(() => refuseUnlessKnown(earlier, own)).not.toThrow();
  });

  it.each([
    [
      "another major version of PostgreSQL",
      { postgres: { ...backup.postgres, version: "17.9" } },
      /PostgreSQL is 17\.9/,
    ],
    ["a newer ClickHouse", { clickhouse: { ...backup.clickhouse, version: "26.8.1.1" } }, /ClickHouse is 26\.8/],
    ["a migration it does not know", { clickhouse: { ...backup.clickhouse, migrations: ["002_w.sql"] } }, /002_w\.sql/],
    [
      "a migration that it knows otherwise",
      { postgres: { ...backup.postgres, migrations: [{ name: "001_a.sql", hash: "b" }] } },
      /another 001_a\.sql/,
    ],
  ])("but none with %s", (_, change, because) => {
    expect(() => refuseUnlessKnown({ ...backup, ...change }, own)).toThrow(BackupRefused);
    expect(() => refuseUnlessKnown({ ...backup, ...change }, own)).toThrow(because);
  });

  it("where newer means a higher major or minor version", () => {
    expect(isNewer("26.8", "26.7")).toBe(true);
    expect(isNewer("27.1", "26.12")).toBe(true);
    expect(isNewer("26.10", "26.9")).toBe(true);
    expect(isNewer("26.7.9", "26.7.3-stable.1")).toBe(false);
    expect(isNewer("25.12", "26.1")).toBe(false);
  });
});
