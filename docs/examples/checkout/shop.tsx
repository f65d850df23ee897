/**
 * A small shop: a cart, offers for it, a code, and paying. All of it is forms, so that what talks to Tessera is easy to
 * see: `offersFor`, `check` and `pay` below.
 */
import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import { accepted, type Schemas, type Tessera, TesseraProblem } from "../../../api/client/client.ts";
import { type Cart, cartOf, itemsOf } from "./cart.ts";
import { CartPage, PaidPage } from "./pages.tsx";

export function createShop(tessera: Tessera, currency = "EUR"): Hono {
  const shop = new Hono();

  /** Best first. A shop without offers still sells. */
  async function offersFor(cart: Cart): Promise<Schemas["Offers"] | undefined> {
    if (cart.customer === "" || itemsOf(cart).length === 0) return undefined;
    const customer = { identifier: cart.customer };
    const order = { currency, items: itemsOf(cart) };
    return accepted(tessera.POST("/v1/offers", { body: { customer, order, limit: 3 } })).catch(() => undefined);
  }

  /** What the codes take off, line by line, or why not. Takes nothing. */
  async function check(cart: Cart): Promise<Schemas["Validation"] | undefined> {
    if (itemsOf(cart).length === 0) return undefined;
    return accepted(tessera.POST("/v1/validations", { body: { ...basketOf(cart), codes: codesOf(cart) } }));
  }

  /**
   * Takes the codes, once: the order's id is the key, so that a second press and a retry get the first one's answer.
   * Without a code, and without a campaign that applies by itself, there is nothing to redeem. Either way the order is
   * reported as paid.
   */
  async function pay(cart: Cart): Promise<Schemas["Redemption"] | undefined> {
    const codes = codesOf(cart);
    const body = basketOf(cart);
    const redemption =
      codes.length === 0 && !cart.automatic
        ? undefined
        : await accepted(
            tessera.POST("/v1/redemptions", {
              params: { header: { "idempotency-key": cart.orderId } },
              body: { ...body, codes },
            }),
          );
    if (body.customer !== undefined) {
      await accepted(
        tessera.POST("/v1/orders", {
          body: { id: cart.orderId, customer: body.customer, status: "paid", currency, items: body.order.items },
        }),
      );
    }
    return redemption;
  }

  function basketOf(cart: Cart) {
    return {
      ...(cart.customer === "" ? {} : { customer: { identifier: cart.customer } }),
      order: { id: cart.orderId, currency, items: itemsOf(cart), channel: "web" },
    };
  }

  shop.get("/", async (c) => {
    const cart = cartOf(c.req.query(), randomUUID);
    const [offers, validation] = await Promise.all([offersFor(cart), check(cart)]);
    return c.html(<CartPage cart={cart} currency={currency} offers={offers} validation={validation} />);
  });

  shop.post("/pay", async (c) => {
    const form = await c.req.parseBody();
    const cart = cartOf(
      Object.fromEntries(
        Object.entries(form).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
      ),
      randomUUID,
    );
    if (itemsOf(cart).length === 0) return c.redirect("/", 303);
    try {
      return c.html(<PaidPage cart={cart} currency={currency} redemption={await pay(cart)} />);
    } catch (error) {
      if (!(error instanceof TesseraProblem)) throw error;
      // It was good when the page was drawn, and is not any more: the page says why.
      const [offers, validation] = await Promise.all([offersFor(cart), check(cart)]);
      const refused = error.problem.detail;
      return c.html(
        <CartPage cart={cart} currency={currency} offers={offers} validation={validation} refused={refused} />,
        409,
      );
    }
  });

  return shop;
}

function codesOf(cart: Cart): string[] {
  return cart.code === "" ? [] : [cart.code];
}
