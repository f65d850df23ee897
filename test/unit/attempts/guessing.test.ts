import { describe, expect, it } from "vitest";
import { defaultGuessLimits } from "../../../api/attempts/limits.ts";
import { subjectsOf } from "../../../api/attempts/subjects.ts";
import { unknownCodesOf } from "../../../api/attempts/unknown-codes.ts";
import { ConfigError, parseConfig } from "../../../api/config.ts";

const guesser = { projectId: "prj_1", keyId: "key_1", customer: "ada", ip: "203.0.113.9", browser: false };

function idOf(kind: string, change: Partial<typeof guesser>): string | undefined {
  return subjectsOf({ ...guesser, ...change }).find((subject) => subject.kind === kind)?.id;
}

describe("who guesses", () => {
  it("is counted by key, customer and address, none of which can be read in the table", () => {
    const subjects = subjectsOf(guesser);
    expect(subjects.map(({ kind }) => kind)).toEqual(["key", "customer", "ip"]);
    for (const text of ["key_1", "ada", "203.0.113.9"]) expect(JSON.stringify(subjects)).not.toContain(text);
    expect(subjectsOf({ ...guesser, customer: null, ip: null }).map(({ kind }) => kind)).toEqual(["key"]);
  });

  it("is somebody else in another project", () => {
    expect(idOf("customer", { projectId: "prj_2" })).not.toBe(idOf("customer", {}));
  });

  it("in a browser is not the customer of the shop's own checkout", () => {
    expect(idOf("customer", { browser: true })).not.toBe(idOf("customer", {}));
  });

  it("has one address however it is written, and of IPv6 one network", () => {
    const networks = ["2001:db8:1:2::5", "2001:0DB8:0001:0002:aaaa:bbbb:cccc:dddd", "2001:db8:1:2:3:4:5:6"];
    expect(new Set(networks.map((ip) => idOf("ip", { ip }))).size).toBe(1);
    expect(idOf("ip", { ip: "2001:db8:1:3::5" })).not.toBe(idOf("ip", { ip: "2001:db8:1:2::5" }));
    expect(idOf("ip", { ip: "::1" })).not.toBe(idOf("ip", { ip: "2001:db8::1" }));
    expect(idOf("ip", { ip: "::ffff:203.0.113.9" })).toBe(idOf("ip", {}));
  });
});

describe("unknown codes of a refusal", () => {
  const refusal = { codes: [{ reasons: [{ key: "voucher_unknown" }] }, { reasons: [{ key: "voucher_expired" }] }] };
  const body = JSON.stringify(refusal);

  it("are those with that reason, and none in an answer that was given before or in another one", () => {
    expect(unknownCodesOf({ status: 422, body, replayed: false })).toBe(1);
    expect(unknownCodesOf({ status: 422, body, replayed: true })).toBe(0);
    expect(unknownCodesOf({ status: 201, body: '{"codes":[]}', replayed: false })).toBe(0);
    expect(unknownCodesOf({ status: 422, body: '{"code":"idempotency_key_reused"}', replayed: false })).toBe(0);
  });
});

describe("limits of guessing", () => {
  it("come from the environment, with defaults", () => {
    expect(parseConfig({}).guessing).toEqual(defaultGuessLimits);
    const given = { TESSERA_GUESSES_PER_CUSTOMER: "3", TESSERA_GUESSES_PER_IP: "4", TESSERA_GUESSES_PER_KEY: "5" };
    const rest = { TESSERA_GUESSES_WINDOW_SECONDS: "60", TESSERA_CLIENT_ADDRESS_HEADER: "x-real-ip" };
    const expected = { perCustomer: 3, perIp: 4, perKey: 5, windowSeconds: 60, addressHeader: "x-real-ip" };
    expect(parseConfig({ ...given, ...rest }).guessing).toEqual(expected);
  });

  it.each([
    ["TESSERA_GUESSES_PER_CUSTOMER", "0"],
    ["TESSERA_GUESSES_PER_IP", "many"],
    ["TESSERA_GUESSES_WINDOW_SECONDS", "86401"],
    ["TESSERA_CLIENT_ADDRESS_HEADER", "x real ip"],
  ])("refuse %s=%s by its name", (name, value) => {
    expect(() => parseConfig({ [name]: value })).toThrow(ConfigError);
    expect(() => parseConfig({ [name]: value })).toThrow(name);
  });
});
