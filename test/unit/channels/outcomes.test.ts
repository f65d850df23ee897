import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outcomeOf as smtpOutcome } from "../../../api/channels/email/outcome.ts";
import { emailSettings } from "../../../api/channels/email/settings.ts";
import { fill, fillJson } from "../../../api/channels/http-provider/fill.ts";
import { outcomeOf as httpOutcome } from "../../../api/channels/http-provider/outcome.ts";
import { httpProviderSettings } from "../../../api/channels/http-provider/settings.ts";
import { canonicalAddress } from "../../../api/suppressions/address.ts";

const refusal = (code: number, response: string, command = "RCPT TO") =>
  Object.assign(new Error(response), { responseCode: code, response: `${code} ${response}`, command });

describe("a mail server that answers", () => {
  it.each([
    [refusal(550, "5.1.1 <ada@people.example>: no such user"), "bounced", "smtp_550_5.1.1"],
    [refusal(550, "no such user"), "bounced", "smtp_550"],
    [refusal(550, "5.7.1 relaying denied"), "failed", "smtp_550_5.7.1"],
    [refusal(552, "5.2.2 mailbox full"), "failed", "smtp_552_5.2.2"],
    [refusal(554, "5.7.1 looks like spam", "DATA"), "failed", "smtp_554_5.7.1"],
    [refusal(550, "rejected", "DATA"), "failed", "smtp_550"],
    [refusal(550, "5.1.8 bad sender", "MAIL FROM"), "failed", "smtp_550_5.1.8"],
    [refusal(451, "4.7.1 greylisted"), "retry", "smtp_451_4.7.1"],
    [refusal(421, "busy", "CONN"), "retry", "smtp_421"],
    [refusal(535, "5.7.8 wrong password", "AUTH PLAIN"), "retry", "smtp_535_5.7.8"],
  ])("%s", (error, outcome, reason) => {
    expect(smtpOutcome(error, false)).toEqual({ outcome, reason });
  });

  it("is told from one that is silent before and after it had the message", () => {
    expect(smtpOutcome(new Error("closed"), false)).toEqual({ outcome: "retry", reason: "no_connection" });
    expect(smtpOutcome(new Error("closed"), true)).toEqual({ outcome: "unknown", reason: "no_answer" });
  });
});

describe("a provider that answers", () => {
  const settings = httpProviderSettings.parse({
    url: "https://api.provider.example/messages",
    provider_id: "/messages/0/id",
    retry_when: [{ pointer: "/error/code", any_of: [130429] }],
    bounced_when: [{ pointer: "/error/code", any_of: [131026] }],
  });
  const answer = (status: number, body: unknown, headers = {}) => ({
    ...{ outcome: "answered" as const, status, headers, isCut: false, isSent: true, durationMs: 1 },
    body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
  });
  it.each([
    [answer(200, { messages: [{ id: "wamid.1" }] }), { outcome: "sent", providerId: "wamid.1" }],
    [answer(202, "accepted"), { outcome: "sent", providerId: null }],
    [answer(400, { error: { code: 131026 } }), { outcome: "bounced", reason: "http_400_131026" }],
    [answer(400, { error: { code: 130429 } }), { outcome: "retry", reason: "http_400_130429" }],
    [answer(429, {}, { "retry-after": "90" }), { outcome: "retry", reason: "http_429", afterSeconds: 90 }],
    [answer(503, "<html>"), { outcome: "retry", reason: "http_503" }],
    [answer(504, "<html>"), { outcome: "unknown", reason: "http_504" }],
    [answer(408, ""), { outcome: "unknown", reason: "http_408" }],
    [answer(302, ""), { outcome: "failed", reason: "http_302" }],
    [answer(401, { error: { code: "<script>" } }), { outcome: "failed", reason: "http_401" }],
  ])("%o", (given, expected) => {
    expect(httpOutcome(given, settings)).toEqual(expected);
  });

  it("may say that it never takes what a gateway gave up on", () => {
    const strict = httpProviderSettings.parse({ url: settings.url, retry_statuses: [504] });
    expect(httpOutcome(answer(504, ""), strict)).toEqual({ outcome: "retry", reason: "http_504" });
  });

  it("is told from one that is not reached, and from one that is silent", () => {
    const silent = { outcome: "failed" as const, durationMs: 1 };
    const of = (reason: "timed_out" | "connection_failed" | "address_refused", isBegun: boolean) =>
      httpOutcome({ ...silent, reason, isBegun }, settings).outcome;
    expect(of("connection_failed", false)).toBe("retry");
    expect(of("timed_out", true)).toBe("unknown");
    expect(of("address_refused", false)).toBe("failed");
  });
});

describe("settings of a provider", () => {
  it.each([
    [{ url: "https://{{ credentials.host }}/x" }, "url"],
    [{ url: "https://a.example/{{ nobody }}" }, "url"],
    [{ url: "https://a.example", headers: { "x y": "1" } }, "headers"],
    [{ url: "https://a.example", body: { type: "json", value: { to: "{{ constructor }}" } } }, "body"],
  ])("%o are refused, with the field that is wrong", (given, field) => {
    const result = httpProviderSettings.safeParse(given);
    expect(result.error?.issues.map((issue) => issue.path[0])).toEqual([field]);
  });

  it("are filled with values that stay values", () => {
    const values = { to: "+49", text: 'a" {{ credentials.token }} \n', credentials: { token: "s3cret" } };
    expect(JSON.stringify(fillJson({ a: ["{{ text }}"], b: 1 }, values))).toBe(
      JSON.stringify({ a: [values.text], b: 1 }),
    );
    expect(fill("/x/{{to}}?y={{ text }}", values, encodeURIComponent)).not.toMatch(/[\s"+]/);
    for (const name of ["constructor", "__proto__.x", "credentials.constructor", "text.length", "nothing"]) {
      expect(fill(`{{ ${name} }}`, values)).toBe("");
    }
  });
});

describe("an address", () => {
  it("is one however it is spelled, or none", () => {
    expect(canonicalAddress("email", " Ada@People.Example ")).toBe("ada@people.example");
    expect(canonicalAddress("phone", "+49 (151) 123-456.78")).toBe("+4915112345678");
    for (const bad of ["015112345678", "+0151", "+49", "+49151123456789012", "+49151x", ""]) {
      expect(canonicalAddress("phone", bad)).toBeUndefined();
    }
    for (const bad of [
      "ada",
      "a@b",
      "a@b.example, c@d.example",
      "a@b.example\r\nBcc: c@d.example",
      "<a@b.example>",
      '"a"@b.example',
    ]) {
      expect(canonicalAddress("email", bad)).toBeUndefined();
    }
  });

  it("never holds a line end, whatever it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aÄ9.@+,;<>" \t\r\n\0\u00a0\u2028\ufeff') }), (text) => {
        const address = canonicalAddress("email", `${text}@people.example`);
        return address === undefined || !/[\s,;<>]/.test(address);
      }),
    );
  });

  it("of a sender holds no second one", () => {
    const settings = { host: "smtp.example", from: { name: "Shop", email: "shop@shop.example" } };
    expect(emailSettings.safeParse(settings).success).toBe(true);
    for (const from of [
      { email: "shop@shop.example\nBcc: x@y.example" },
      { name: "a\r\nBcc: b", email: "a@b.example" },
    ]) {
      expect(emailSettings.safeParse({ ...settings, from }).success).toBe(false);
    }
  });
});
