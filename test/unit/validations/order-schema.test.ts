import { expect, it } from "vitest";
import { orderBody } from "../../../api/validations/order-schema.ts";

const order = (ip: unknown) => ({
  currency: "EUR",
  items: [{ sku: "mug", quantity: 1, unit_amount: 100 }],
  device: { ip },
});

it.each(["999.1.1.1", "fe80::1%eth0", "", 7])("says that the address of a device is none: %j", (ip) => {
  const parsed = orderBody.safeParse(order(ip));
  expect(parsed.error?.issues).toMatchObject([{ path: ["device", "ip"], message: "Expected an IPv4 or IPv6 address" }]);
});

it.each(["10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1"])("takes an address of either version: %s", (ip) => {
  expect(orderBody.safeParse(order(ip)).success).toBe(true);
});
