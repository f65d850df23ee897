import { describe, expect, it } from "vitest";
import { ConfigError, parseConfig } from "../../../api/config.ts";
import { judgeAddress, parseNetworks } from "../../../api/outbound/networks.ts";
import { faultOfHost, faultOfUrl } from "../../../api/outbound/url.ts";
import { vetAddress } from "../../../api/outbound/vet.ts";

/** By the registries of special-purpose addresses (RFC 6890), and what clouds answer on. */
const refused = [
  "0.0.0.0",
  "0.1.2.3",
  "10.0.0.1",
  "100.64.0.1",
  "100.100.100.200",
  "127.0.0.1",
  "127.255.255.254",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.192",
  "192.0.2.1",
  "192.88.99.1",
  "192.168.1.1",
  "198.18.0.1",
  "198.51.100.1",
  "203.0.113.1",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.255",
  "168.63.129.16",
  "::",
  "::1",
  "::127.0.0.1",
  "::ffff:127.0.0.1",
  "::ffff:93.184.216.34",
  "::ffff:0:127.0.0.1",
  "64:ff9b::7f00:1",
  "64:ff9b::5db8:d822",
  "64:ff9b:1::a00:1",
  "100::1",
  "2001::1",
  "2001:db8::1",
  "2002:7f00:1::",
  "2002:5db8:d822::1",
  "3fff::1",
  "5f00::1",
  "fc00::1",
  "fd00:ec2::254",
  "fe80::1",
  "fe80::1%eth0",
  "2606:4700::1%eth0",
  "fec0::1",
  "ff02::1",
  "not an address",
  "",
];

describe("an address", () => {
  it.each(refused)("that leads nowhere on the Internet is refused: %s", (address) => {
    expect(judgeAddress(address, [])).toBe("refused");
  });

  it.each(["93.184.216.34", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::200e"])(
    "of the Internet is public: %s",
    (address) => {
      expect(judgeAddress(address, [])).toBe("public");
    },
  );

  it("of a network that the operator names is allowed, and its neighbours and mapped twins are not", () => {
    const allowed = parseNetworks("127.0.0.1, 10.1.0.0/16,fd00:1::/32");
    for (const address of ["127.0.0.1", "10.1.255.255", "fd00:1::5"])
      expect(judgeAddress(address, allowed)).toBe("allowed");
    for (const address of ["127.0.0.2", "10.2.0.0", "fd00:2::5", "::ffff:127.0.0.1", "::ffff:10.1.0.1"]) {
      expect(judgeAddress(address, allowed)).toBe("refused");
    }
  });
});

describe("a URL", () => {
  it.each([
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://0/",
    "https://127.0.0.1./",
    "https://①②⑦.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://localhost/",
    "https://sub.localhost/",
    "https://localhost./",
    "https://[64:ff9b::127.0.0.1]/",
    "https://0.0.0.0/",
    "https://[::]/",
  ])("of our own machine is refused in any spelling: %s", (url) => {
    expect(faultOfUrl(url)).toBe("must lead to a public address");
  });

  it.each([
    ["nothing", "must be an absolute URL"],
    ["/hooks", "must be an absolute URL"],
    ["ftp://example.com/", "must begin with https://"],
    ["file:///etc/passwd", "must begin with https://"],
    ["http://example.com/", "must begin with https://"],
    ["https://user:secret@example.com/", "must not hold a user name or password"],
    ["https://example.com:25/", "must have port 443 or one from 1024 on"],
    [`https://example.com/${"a".repeat(2_000)}`, "must have at most 2000 characters"],
  ])("says what is wrong with it: %s", (url, fault) => {
    expect(faultOfUrl(url)).toBe(fault);
  });

  it("is fine over https, on a port of its own too", () => {
    for (const url of ["https://example.com/hooks?x=1", "https://example.com:8443/", "https://93.184.216.34/"]) {
      expect(faultOfUrl(url)).toBeUndefined();
    }
  });

  it("may be plain where the operator allows the network, and may be of it where only its name is known", () => {
    const outbound = { allow: parseNetworks("127.0.0.1") };
    expect(faultOfUrl("http://127.0.0.1:80/", outbound)).toBeUndefined();
    expect(faultOfUrl("http://receiver.internal/", outbound)).toBeUndefined();
    expect(faultOfUrl("http://93.184.216.34/", outbound)).toBe("must begin with https://");
    expect(faultOfUrl("http://127.0.0.2/", outbound)).toBe("must lead to a public address");
  });
});

describe("a host", () => {
  it("of our own machine or of a private network is refused before it is looked up, in any spelling", () => {
    for (const host of ["localhost", "a.localhost", "127.0.0.1", "2130706433", "0x7f.1", "::1", "[::1]", "10.0.0.1"]) {
      expect([host, faultOfHost(host)]).toEqual([host, "must lead to a public address"]);
    }
    for (const host of ["smtp.example.com", "93.184.216.34", "2606:2800:220:1::1"]) {
      expect([host, faultOfHost(host)]).toEqual([host, undefined]);
    }
    for (const host of [
      "",
      "a b",
      "smtp.example.com:25",
      "smtp.example.com:443",
      "smtp.example.com/x",
      "me@smtp.example.com",
      "a\\b",
    ]) {
      expect([host, faultOfHost(host)]).toEqual([host, "must be a host's name or address"]);
    }
    const outbound = { allow: parseNetworks("127.0.0.1") };
    expect(["127.0.0.1", "mail.internal", "127.0.0.2"].map((host) => faultOfHost(host, outbound))).toEqual([
      undefined,
      undefined,
      "must lead to a public address",
    ]);
  });

  const answering = (...addresses: string[]) => ({
    allow: [],
    resolve: async () => addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
  });

  it("is refused when one of its addresses is", async () => {
    expect(await vetAddress("mixed.example", answering("93.184.216.34", "10.0.0.1"))).toEqual({
      outcome: "refused",
      reason: "address_refused",
    });
    expect(await vetAddress("fine.example", answering("93.184.216.34", "2606:4700::1"))).toMatchObject({
      outcome: "allowed",
      byOperator: false,
    });
  });

  it("that has no address, or whose name server fails, is unknown", async () => {
    const failing = { allow: [], resolve: () => Promise.reject(new Error("SERVFAIL")) };
    for (const outbound of [answering(), failing]) {
      expect(await vetAddress("gone.example", outbound)).toEqual({ outcome: "refused", reason: "host_unknown" });
    }
  });

  it.each(["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::1]", "::1", "localhost"])(
    "of our own machine is refused as the system's resolver spells it: %s",
    async (host) => {
      expect(await vetAddress(host)).toMatchObject({ outcome: "refused" });
    },
  );
});

describe("the operator's list", () => {
  it("is parsed at the start, and a mistake in it is named", () => {
    expect(parseConfig({ TESSERA_OUTBOUND_ALLOW: "10.0.0.0/8, ::1" }).outbound.allow).toHaveLength(2);
    expect(parseConfig({}).outbound.allow).toEqual([]);
    for (const text of ["10.0.0.0/33", "example.com", "10/8", "10.0.0.0/8;::1", "0177.0.0.1"]) {
      expect(() => parseConfig({ TESSERA_OUTBOUND_ALLOW: text })).toThrow(ConfigError);
    }
  });
});
