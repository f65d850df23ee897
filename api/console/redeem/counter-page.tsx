/** The counter: a code, a basket, and what it would take off. */
import type { ValidationWire } from "../../validations/check.ts";
import { money, Text } from "../format.tsx";
import { Frame, Notice } from "../layout.tsx";
import { SelectField, TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import type { Viewer } from "../viewer.ts";
import { linesMax } from "./basket.ts";
import { Given, Reasons } from "./results.tsx";

export interface Refused {
  readonly detail: string;
  readonly reasons: readonly { readonly voucher_code?: string | undefined; readonly message: string }[];
}

interface CounterProps {
  readonly viewer: Viewer;
  readonly currencies: readonly string[];
  readonly sheet?: Sheet;
  /** What the address or the last form says. */
  readonly known?: Readonly<Record<string, string | undefined>>;
  readonly checked?: {
    readonly result: ValidationWire;
    readonly attempt: string;
    readonly carried: Readonly<Record<string, string>>;
  };
  readonly refused?: Refused | undefined;
}

export function CounterPage(props: CounterProps) {
  const { viewer, sheet = freshSheet, known = {}, checked, refused } = props;
  const [usual = "EUR"] = props.currencies;
  const value = (name: string) => known[name];
  const detailed = [
    "order.id",
    "order.channel",
    "order.store_id",
    "order.items.0.sku",
    "order.items.1.unit_amount",
  ].some((name) => (sheet.typed?.[name]?.[0] ?? value(name) ?? "") !== "");
  return (
    <Frame title="Redeem" viewer={viewer} place="redeem" scripts={["redeem.js"]}>
      <Head title="Redeem" text="Type or scan a code, say what the basket comes to, and see what it takes off.">
        <a class="button" href="/console/redemptions">
          Redemptions
        </a>
      </Head>
      <div class="counter">
        {refused && (
          <section class="card result bad" aria-label="Result" data-test="refused">
            <h2>Not redeemed</h2>
            {refused.reasons.length === 0 ? <p>{refused.detail}</p> : <Reasons reasons={refused.reasons} />}
          </section>
        )}
        {checked && <Result {...checked} viewer={viewer} />}
        <Faults sheet={sheet} />
        <section class="card">
          <Form viewer={viewer} action="/console/redeem/check" id="check" class="form">
            <div class="scan">
              <TextField
                sheet={sheet}
                name="codes.0"
                label="Code"
                value={value("codes.0")}
                hint="Several codes: put blanks between them."
                maxlength={2_000}
                required
              />
              <button type="button" class="button" id="open-camera" hidden>
                Scan
              </button>
            </div>
            <div id="camera" class="camera" hidden>
              <video id="video" playsinline muted aria-label="What the camera sees" />
              <div class="row between">
                <p id="camera-says" role="status">
                  Hold the code into the picture.
                </p>
                <button type="button" class="button" id="close-camera">
                  Close the camera
                </button>
              </div>
            </div>
            <div class="fields">
              <TextField
                sheet={sheet}
                name="order.items.0.unit_amount"
                label="Amount of the basket"
                value={value("order.items.0.unit_amount")}
                inputmode="decimal"
                required
              />
              <SelectField
                sheet={sheet}
                name="order.currency"
                label="Currency"
                value={value("order.currency") ?? usual}
                options={props.currencies.map((currency) => ({ value: currency, name: currency }))}
              />
              <TextField
                sheet={sheet}
                name="customer.identifier"
                label="Customer"
                hint="May stay empty, unless the code is kept for somebody."
                value={value("customer.identifier")}
                maxlength={200}
              />
            </div>
            <details open={detailed}>
              <summary>Items, receipt number, store</summary>
              <Details sheet={sheet} value={value} />
            </details>
            <button class="button primary large" type="submit">
              Check
            </button>
          </Form>
        </section>
      </div>
    </Frame>
  );
}

function Details(props: { sheet: Sheet; value: (name: string) => string | undefined }) {
  const { sheet, value } = props;
  const field = (name: string, label: string) => (
    <TextField sheet={sheet} name={name} label={label} value={value(name)} maxlength={200} />
  );
  return (
    <div class="form">
      <div class="fields">
        {field("order.id", "Receipt or order number")}
        {field("order.store_id", "Store")}
        {field("order.channel", "Channel")}
      </div>
      <p class="hint">
        Where a campaign asks for certain items, say what is in the basket; the amount above is then the price of the
        first item. Categories are parted by commas.
      </p>
      {[...Array(linesMax).keys()].map((line) => {
        const name = (part: string) => `order.items.${line}.${part}`;
        return (
          <fieldset class="line">
            <legend>{`Item ${line + 1}`}</legend>
            <div class="fields">
              {field(name("sku"), "Article number")}
              <TextField
                sheet={sheet}
                name={name("quantity")}
                label="Quantity"
                value={value(name("quantity"))}
                placeholder="1"
                inputmode="numeric"
              />
              {line > 0 && (
                <TextField
                  sheet={sheet}
                  name={name("unit_amount")}
                  label="Price of one"
                  value={value(name("unit_amount"))}
                  inputmode="decimal"
                />
              )}
              {field(name("categories"), "Categories")}
            </div>
          </fieldset>
        );
      })}
    </div>
  );
}

function Result(props: NonNullable<CounterProps["checked"]> & { viewer: Viewer }) {
  const { result, viewer } = props;
  const { currency } = result.order;
  if (!result.valid) {
    return (
      <section class="card result bad" aria-label="Result" data-test="refused">
        <h2>It cannot be redeemed</h2>
        <Reasons
          reasons={result.codes.flatMap((code) =>
            code.reasons.map((reason) => ({ voucher_code: code.code, message: reason.message })),
          )}
        />
      </section>
    );
  }
  return (
    <section class="card result good" aria-label="Result" data-test="applies">
      <h2>
        Takes off <span class="number">{money(result.discount_amount, currency)}</span>
      </h2>
      <p class="to-pay">
        Left to pay <span class="number">{money(result.order.total_amount, currency)}</span> of{" "}
        <span class="number">{money(result.order.amount + result.order.shipping_amount, currency)}</span>
      </p>
      <Given codes={result.codes} automatic={result.automatic} currency={currency} />
      <Form viewer={viewer} action="/console/redeem" id="redeem">
        <input type="hidden" name="attempt" value={props.attempt} />
        {Object.entries(props.carried).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <button class="button primary large" type="submit">
          Redeem
        </button>
      </Form>
      {result.order.discount_amount === 0 && (
        <Notice tone="warn">Nothing comes off this basket; the code gives something else.</Notice>
      )}
      <p class="muted small">
        Redeems <Text value={result.codes.map((code) => code.code).join(", ")} /> for this basket, once.
      </p>
    </section>
  );
}
