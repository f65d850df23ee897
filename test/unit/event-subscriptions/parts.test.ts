import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { expect, it } from "vitest";
import { openSecrets, secretPlace } from "../../../api/event-subscriptions/attempt.ts";
import { bodyOf } from "../../../api/event-subscriptions/body.ts";
import { isGivenUp, nextAttempt, retryAfterSeconds } from "../../../api/event-subscriptions/schedule.ts";
import { newSecret, signatureHeaders } from "../../../api/event-subscriptions/sign.ts";
import { faultOfPattern } from "../../../api/event-subscriptions/types.ts";
import { csvHead, csvLine } from "../../../api/list-exports/csv.ts";
import { createSealer, SealError } from "../../../api/secrets/seal.ts";

const at = new Date("2026-05-01T12:00:00Z");

it("signs any body so that the reference library verifies it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.uuid(), (text, id) => {
      const [secret, other] = [newSecret(), newSecret()];
      const body = JSON.stringify({ text });
      const headers = signatureHeaders([other, secret], { id, at: new Date(), body });
      for (const one of [secret, other]) expect(new Webhook(one).verify(body, headers)).toEqual({ text });
    }),
    { numRuns: 50 },
  );
});

it("signs with the new secret alone while the one before does not open any more", () => {
  const [ours, lost] = [createSealer([randomBytes(32)]), createSealer([randomBytes(32)])];
  const row = { project_id: "prj_1", subscription_id: "esb_1", secret_before_until: new Date(at.getTime() + 1) };
  const [fresh, before] = [newSecret(), newSecret()];
  const secret = ours.seal(fresh, secretPlace("prj_1", "esb_1"));
  const sealedBefore = (by: typeof ours) => by.seal(before, secretPlace("prj_1", "esb_1"));
  expect(openSecrets(ours, { ...row, secret, secret_before: sealedBefore(ours) }, at)).toEqual([fresh, before]);
  expect(openSecrets(ours, { ...row, secret, secret_before: sealedBefore(lost) }, at)).toEqual([fresh]);
  expect(() => openSecrets(lost, { ...row, secret, secret_before: sealedBefore(lost) }, at)).toThrow(SealError);
});

it("signs as the example of the specification does", () => {
  const headers = signatureHeaders(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    at: new Date(1_614_265_330_000),
    body: '{"test": 2432232314}',
  });
  expect(headers["webhook-signature"]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

it("pauses longer each time, up to a fifth more than said, and gives up after ten tries", () => {
  let before = 0;
  for (let tries = 1; tries < 10; tries += 1) {
    const [least, most] = [0, 1].map((random) => (nextAttempt(tries, at, random)?.getTime() ?? 0) - at.getTime());
    expect(least).toBeGreaterThan(before);
    expect(most).toBe(Math.round((least ?? 0) * 1.2));
    before = least ?? 0;
  }
  expect(nextAttempt(10, at, 0)).toBeUndefined();
});

it("waits as a receiver asks, a day at most, never less than the schedule", () => {
  const seconds = (asked: number) => ((nextAttempt(1, at, 0, asked)?.getTime() ?? 0) - at.getTime()) / 1000;
  expect([seconds(1), seconds(60), seconds(1e9)]).toEqual([5, 60, 86_400]);
  expect(retryAfterSeconds("120", at)).toBe(120);
  expect(retryAfterSeconds("Fri, 01 May 2026 12:01:00 GMT", at)).toBe(60);
  expect(retryAfterSeconds("Fri, 01 May 2026 11:00:00 GMT", at)).toBe(0);
  for (const header of [undefined, "soon", "-5", "1e99"]) expect(retryAfterSeconds(header, at) ?? 0).toBe(0);
});

it("gives a receiver five days", () => {
  const day = 86_400_000;
  expect(isGivenUp(new Date(at.getTime() - 5 * day + 1), at)).toBe(false);
  expect(isGivenUp(new Date(at.getTime() - 5 * day), at)).toBe(true);
});

it("knows the types that there are, and keeps those of reviewers to reviewers", () => {
  for (const type of ["redemption.*", "voucher.published", "*"]) expect(faultOfPattern(type, false)).toBeUndefined();
  for (const type of ["", "redemption", "redemption.", "Redemption.*", ".*", "constructor"]) {
    expect(faultOfPattern(type, true)).toBe("There is no such event type.");
  }
  for (const type of ["review.*", "claw_back.done", "risk.rescored", "code_guessing.detected"]) {
    expect(faultOfPattern(type, false)).toMatch(/with_risk/);
    expect(faultOfPattern(type, true)).toBeUndefined();
  }
});

it("sends nothing that it cannot read by its contract", () => {
  const event = { event_id: "evt_1", type: "customer.erased", version: 1, occurred_at: at, payload: { customer: "x" } };
  expect(JSON.parse(bodyOf(event, false) ?? "")).toEqual({
    id: "evt_1",
    type: "customer.erased",
    timestamp: "2026-05-01T12:00:00.000Z",
    data: { customer: "x" },
  });
  for (const change of [{ type: "constructor" }, { version: 9 }, { payload: { customer: 1 } }, { payload: null }]) {
    expect(bodyOf({ ...event, ...change }, false)).toBeUndefined();
  }
});

it("writes no cell that a spreadsheet would run", () => {
  const customer = {
    ...{
      key: "cus_1",
      name: "=1+1",
      email: null,
      birthday: null,
      entered_at: at,
      code: "-CODE",
      code_expires_at: null,
    },
    ...{ identifier: "@a", phone: "+4915112345678", attributes: { "=x": "\t=1", n: -5, list: ["a", "b"] } },
  };
  const columns = ["identifier", "name", "phone", "code", "attributes.=x", "attributes.n", "attributes.list"];
  expect(csvHead(columns)).toBe("identifier,name,phone,code,attributes.=x,attributes.n,attributes.list\r\n");
  const cells = csvLine(customer, columns)
    .trimEnd()
    .split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/);
  expect(cells).toEqual(["'@a", "'=1+1", "+4915112345678", "'-CODE", "'\t=1", "-5", '"[""a"",""b""]"']);
  expect(csvLine({ ...customer, phone: "+1+cmd" }, ["phone"])).toBe("'+1+cmd\r\n");
  expect(csvLine(customer, ["attributes.__proto__", "entered_at"])).toBe(",2026-05-01T12:00:00.000Z\r\n");
});
