/** A campaign tried on a basket: what it would give, or every reason against it, and how that was decided. */
import type { CampaignWire } from "../../campaigns/schemas.ts";
import type { Trace } from "../../domain/decision.ts";
import { type Narration, narrate } from "../../domain/rules/narrate.ts";
import type { Trial } from "../../trials/try-campaign.ts";
import { money, shortened, Text } from "../format.tsx";
import { Frame, Notice } from "../layout.tsx";
import { TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import type { Sheet } from "../parts/sheet.ts";
import { Badge } from "../parts/states.tsx";
import { partsOf } from "../rules/nested.ts";
import { Remove } from "../rules/rule-editor.tsx";
import type { Viewer } from "../viewer.ts";

interface TrialProps {
  readonly viewer: Viewer;
  readonly campaign: CampaignWire;
  readonly sheet: Sheet;
  readonly trial: Trial | undefined;
}

export function TrialPage(props: TrialProps) {
  const { viewer, campaign, sheet, trial } = props;
  const here = `/console/campaigns/${encodeURIComponent(campaign.id)}`;
  return (
    <Frame title={`Try ${shortened(campaign.name, 60)}`} viewer={viewer} place="campaigns">
      <Head
        up={{ to: here, name: shortened(campaign.name, 60) }}
        title="Try on a basket"
        text="Judged as if it ran and a code of it were typed. Nothing is taken, counted or announced."
      />
      {trial && <Outcome trial={trial} campaign={campaign} />}
      <Faults sheet={sheet} />
      <Form viewer={viewer} action={`${here}/try`} class="form">
        <button class="hidden-text" type="submit" tabindex={-1} name="do" value="try">
          Try
        </button>
        <section class="card">
          <h2>Basket</h2>
          {partsOf(sheet.typed ?? {}, "order.items").map((part, index) => (
            <Line sheet={sheet} at={`order.items.${part}`} number={index + 1} currency={campaign.currency} />
          ))}
          <p class="row add">
            <button class="button quiet" type="submit" name="do" value="new:order.items">
              Add a line
            </button>
          </p>
          <div class="fields">
            <TextField
              sheet={sheet}
              name="order.shipping_amount"
              label="Shipping"
              unit={campaign.currency}
              inputmode="decimal"
            />
            <TextField sheet={sheet} name="order.channel" label="Channel" />
            <TextField sheet={sheet} name="order.store_id" label="Store" />
            <TextField sheet={sheet} name="order.payment.method" label="Payment method" />
            <TextField sheet={sheet} name="customer.identifier" label="Customer" hint="Empty: a guest." />
            <TextField
              sheet={sheet}
              name="at"
              label={`Time (${campaign.time_zone})`}
              type="datetime-local"
              hint="Empty: now."
            />
          </div>
        </section>
        <div class="bulk save">
          <button class="button primary" type="submit" name="do" value="try">
            Try it
          </button>
        </div>
      </Form>
    </Frame>
  );
}

function Line(props: { sheet: Sheet; at: string; number: number; currency: string }) {
  const { sheet, at, number, currency } = props;
  return (
    <fieldset class="part">
      <legend>{`Line ${number}`}</legend>
      <div class="fields">
        <TextField sheet={sheet} name={`${at}.sku`} label="SKU" />
        <TextField sheet={sheet} name={`${at}.name`} label="Name" />
        <TextField sheet={sheet} name={`${at}.quantity`} label="Quantity" inputmode="numeric" />
        <TextField sheet={sheet} name={`${at}.unit_amount`} label="Price of one" unit={currency} inputmode="decimal" />
        <TextField sheet={sheet} name={`${at}.categories`} label="Categories" hint="With commas." />
        <div class="field end">
          <Remove at={at} what={`line ${number}`} />
        </div>
      </div>
    </fieldset>
  );
}

const treeNames: Readonly<Record<string, string>> = {
  campaign: "The campaign's rules",
  parent: "The main campaign's rules",
  limits: "Limits",
};

function Outcome({ trial, campaign }: { trial: Trial; campaign: CampaignWire }) {
  const { decision, facts, sums } = trial;
  const { currency } = facts.order;
  const amount = (value: number) => money(value, currency);
  return (
    <section class="card outcome" data-test="outcome">
      {decision.applicable ? (
        <Notice tone="good">
          <strong>{`It takes ${amount(decision.discountAmount)} off.`}</strong>
          <span>{`${amount(sums.totalAmount)} are left to pay.`}</span>
        </Notice>
      ) : (
        <Notice tone="warn">
          <div>
            <strong>It does not apply.</strong>
            <ul class="sentences">
              {decision.reasons.map((reason) => (
                <li>
                  <Text value={reason.message} max={500} /> <code class="small">{reason.key}</code>
                </li>
              ))}
            </ul>
          </div>
        </Notice>
      )}
      {decision.applicable && (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Line</th>
                <th scope="col" class="right">
                  Quantity
                </th>
                <th scope="col" class="right">
                  Amount
                </th>
                <th scope="col" class="right">
                  Discount
                </th>
              </tr>
            </thead>
            <tbody>
              {facts.order.items.map((item, index) => (
                <tr>
                  <td>
                    <Text value={item.name ?? item.sku} max={80} />
                  </td>
                  <td class="right number">{item.quantity}</td>
                  <td class="right number">{amount(item.quantity * item.unitAmount)}</td>
                  <td class="right number">{amount(sums.itemsDiscount[index] ?? 0)}</td>
                </tr>
              ))}
              {facts.order.shippingAmount > 0 && (
                <tr>
                  <td>Shipping</td>
                  <td />
                  <td class="right number">{amount(facts.order.shippingAmount)}</td>
                  <td class="right number">{amount(sums.shippingDiscount)}</td>
                </tr>
              )}
            </tbody>
          </table>
        </div>
      )}
      <Extras trial={trial} />
      {Object.keys(decision.trace).length > 0 && <h3>How it was decided</h3>}
      {Object.entries(decision.trace).map(([name, trace]) => (
        <Tree title={titleOf(name)} trace={trace} currency={campaign.currency} />
      ))}
    </section>
  );
}

/** What is given besides money off. */
function Extras({ trial: { decision } }: { trial: Trial }) {
  const said = decision.rewards.flatMap((reward) => {
    if (reward.points !== undefined) return [`${reward.points} points`];
    if (reward.type === "free_item") {
      const missing = reward.missingQuantity ?? 0;
      return [
        `${reward.quantity ?? 1} × ${reward.item?.name ?? reward.item?.sku} free${missing > 0 ? `, ${missing} to be added` : ""}`,
      ];
    }
    if (reward.type === "voucher") return ["a new voucher"];
    return reward.type === "pool_voucher" ? ["a code of a pool"] : [];
  });
  if (said.length === 0) return null;
  return (
    <p>
      Also gives <Text value={said.join(", ")} max={300} />.
    </p>
  );
}

function titleOf(name: string): string {
  const [kind, number] = name.split("/");
  return kind === "reward" ? `The condition of reward ${Number(number) + 1}` : (treeNames[name] ?? name);
}

function Tree(props: { title: string; trace: Trace; currency: string }) {
  const told = narrate(props.trace, props.currency);
  return (
    <details open={!told.met} class="trace">
      <summary>
        <Verdict met={told.met} /> {props.title}
      </summary>
      <ul>
        <Branch told={told} />
      </ul>
    </details>
  );
}

function Branch({ told }: { told: Narration }) {
  return (
    <li>
      <Verdict met={told.met} /> <Text value={told.text.replace(/: (not )?met$/, "")} max={400} />
      {told.children.length > 0 && (
        <ul>
          {told.children.map((child) => (
            <Branch told={child} />
          ))}
        </ul>
      )}
    </li>
  );
}

function Verdict(props: { met: boolean }) {
  return <Badge tone={props.met ? "good" : "bad"}>{props.met ? "met" : "not met"}</Badge>;
}
