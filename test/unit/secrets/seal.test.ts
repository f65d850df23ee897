import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSealer, parseSecretKeys } from "../../../api/secrets/open-keys.ts";
import { createSealer, SealError } from "../../../api/secrets/seal.ts";

const key = randomBytes(32);

describe("a sealed text", () => {
  it("opens where it was sealed for, and looks different each time", () => {
    const sealer = createSealer([key]);
    const one = sealer.seal("pass wörd", "prj_1/chn_1");
    expect(sealer.open(one, "prj_1/chn_1")).toBe("pass wörd");
    expect(sealer.seal("pass wörd", "prj_1/chn_1").equals(one)).toBe(false);
    expect(one.includes("pass")).toBe(false);
  });

  it("does not open elsewhere, changed in any byte, cut, or with another key", () => {
    const sealer = createSealer([key]);
    const sealed = sealer.seal("secret", "here");
    expect(() => sealer.open(sealed, "there")).toThrow(SealError);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => sealer.open(changed, "here")).toThrow(SealError);
      expect(() => sealer.open(sealed.subarray(0, at), "here")).toThrow(SealError);
    }
    expect(() => createSealer([randomBytes(32)]).open(sealed, "here")).toThrow("does not have");
  });

  it("opens with an old key while the first one seals", () => {
    const old = createSealer([key]).seal("secret", "here");
    const next = randomBytes(32);
    const both = createSealer([next, key]);
    expect(both.open(old, "here")).toBe("secret");
    expect(createSealer([next]).open(both.seal("new", "here"), "here")).toBe("new");
  });
});

describe("the keys", () => {
  it("are 32 bytes in hex or base64, several separated by commas", () => {
    expect(parseSecretKeys(`${key.toString("hex")}, ${key.toString("base64")}`)).toEqual([key, key]);
    for (const bad of ["", "short", key.subarray(1).toString("base64")]) {
      expect(() => parseSecretKeys(bad)).toThrow("32 bytes");
    }
  });

  it("are made at the first start in a file that only its owner reads, and stay", () => {
    const dir = mkdtempSync(join(tmpdir(), "tessera-keys-"));
    const sealed = openSealer([], join(dir, "data")).seal("secret", "here");
    const file = join(dir, "data", "secrets.key");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(parseSecretKeys(readFileSync(file, "utf8").trim())).toHaveLength(1);
    expect(openSealer([], join(dir, "data")).open(sealed, "here")).toBe("secret");
  });
});
