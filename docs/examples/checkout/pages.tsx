import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { Schemas } from "../../../api/client/client.ts";
import { type Cart, itemsOf, products } from "./cart.ts";

interface CartProps {
  readonly cart: Cart;
  readonly currency: string;
  readonly offers: Schemas["Offers"] | undefined;
  readonly validation: Schemas["Validation"] | undefined;
  /** Why paying was refused. */
  readonly refused?: string;
}

export function CartPage({ cart, currency, offers, validation, refused }: CartProps) {
  const money = moneyIn(currency);
  const reasons = validation?.codes.flatMap((code) => code.reasons) ?? [];
  return (
    <Page title="Your cart">
      {refused !== undefined && <p role="alert">{refused}</p>}
      <form method="get" action="/">
        <input type="hidden" name="order" value={cart.orderId} />
        <table>
          <thead>
            <tr>
              <th>Product</th>
              <th>Price</th>
              <th>Pieces</th>
            </tr>
          </thead>
          <tbody>
            {products.map(({ sku, name, price }) => (
              <tr>
                <td>{name}</td>
                <td>{money(price)}</td>
                <td>
                  <input
                    type="number"
                    name={sku}
                    min="0"
                    max="20"
                    value={String(cart.quantities[sku] ?? 0)}
                    aria-label={`Pieces: ${name}`}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <label>
          Your name at this shop <input name="customer" value={cart.customer} autocomplete="username" />
        </label>
        <label>
          Code <input name="code" value={cart.code} autocomplete="off" />
        </label>
        <button type="submit">Update the cart</button>
        {offers !== undefined && offers.offers.length > 0 && (
          <section aria-label="Offers for you">
            <h2>For you</h2>
            {offers.offers.map((offer) => (
              <p>
                <a href={`/?${queryOf({ ...cart, code: offer.code })}`}>{offer.code}</a> {offer.reasons.join("; ")}
              </p>
            ))}
          </section>
        )}
      </form>
      {reasons.length > 0 && (
        <ul role="alert">
          {reasons.map((reason) => (
            <li>{reason.message}</li>
          ))}
        </ul>
      )}
      {validation !== undefined && (
        <form method="post" action="/pay">
          <dl>
            <dt>Basket</dt>
            <dd>{money(validation.order.amount)}</dd>
            <dt>Off</dt>
            <dd id="discount">{money(validation.order.discount_amount)}</dd>
            <dt>To pay</dt>
            <dd id="total">{money(validation.order.total_amount)}</dd>
          </dl>
          <input type="hidden" name="order" value={cart.orderId} />
          <input type="hidden" name="customer" value={cart.customer} />
          <input type="hidden" name="code" value={validation.valid ? cart.code : ""} />
          {validation.automatic.length > 0 && <input type="hidden" name="automatic" value="yes" />}
          {itemsOf(cart).map(({ sku, quantity }) => (
            <input type="hidden" name={sku} value={String(quantity)} />
          ))}
          <button type="submit">Pay {money(validation.order.total_amount)}</button>
        </form>
      )}
    </Page>
  );
}

interface PaidProps {
  readonly cart: Cart;
  readonly currency: string;
  readonly redemption: Schemas["Redemption"] | undefined;
}

export function PaidPage({ cart, currency, redemption }: PaidProps) {
  const money = moneyIn(currency);
  const full = itemsOf(cart).reduce((sum, { quantity, unit_amount }) => sum + quantity * unit_amount, 0);
  return (
    <Page title="Thank you">
      <p>
        Order <code>{cart.orderId}</code> is paid: {money(redemption?.order.total_amount ?? full)}.
      </p>
      {redemption !== undefined && (
        <p>
          You saved <strong id="saved">{money(redemption.discount_amount)}</strong>.
        </p>
      )}
      <p>
        <a href="/">Buy something else</a>
      </p>
    </Page>
  );
}

const style = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
  table { width: 100%; border-collapse: collapse; } th, td { text-align: left; padding: .4rem 0; }
  input[type=number] { width: 4rem; } label { display: block; margin: .6rem 0; }
  button { padding: .5rem 1rem; font: inherit; } dl { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; }
  [role=alert] { border-left: 4px solid #b91c1c; padding: .5rem 1rem; }
`;

function Page({ title, children }: { readonly title: string; readonly children: Child }) {
  return (
    <>
      {raw("<!doctype html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <link rel="icon" href="data:," />
          <title>{`${title} · Example shop`}</title>
          <style>{raw(style)}</style>
        </head>
        <body>
          <h1>{title}</h1>
          {children}
        </body>
      </html>
    </>
  );
}

function queryOf({ orderId, customer, code, quantities }: Cart): string {
  return new URLSearchParams({
    ...{ order: orderId, customer, code },
    ...Object.fromEntries(Object.entries(quantities).map(([sku, quantity]) => [sku, String(quantity)])),
  }).toString();
}

function moneyIn(currency: string): (minor: number) => string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return (minor) => format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
