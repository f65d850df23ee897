/** What is typed about new vouchers, as the API's bodies. */
import { instantOf } from "../parts/moments.tsx";
import { minorOf, wholeOf } from "../parts/money.ts";
import { textOf } from "../parts/sheet.ts";
import type { Form } from "../viewer.ts";
import type { VoucherCampaign } from "./campaigns.ts";

/** Without what was left empty. */
function given(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function common(form: Form, campaign: VoucherCampaign) {
  return {
    kind: textOf(form, "kind"),
    redemptions_max: wholeOf(textOf(form, "redemptions_max")),
    balance_amount: minorOf(textOf(form, "balance_amount"), campaign.currency),
    starts_at: instantOf(textOf(form, "starts_at"), campaign.time_zone),
    expires_at: instantOf(textOf(form, "expires_at"), campaign.time_zone),
  };
}

export function voucherBodyOf(form: Form, campaign: VoucherCampaign) {
  const identifier = textOf(form, "customer.identifier");
  const customer = identifier === undefined ? undefined : { identifier };
  return given({ ...common(form, campaign), code: textOf(form, "code"), customer });
}

export function batchBodyOf(form: Form, campaign: VoucherCampaign) {
  const pattern = given({
    prefix: textOf(form, "pattern.prefix"),
    suffix: textOf(form, "pattern.suffix"),
    charset: textOf(form, "pattern.charset"),
    length: wholeOf(textOf(form, "pattern.length")),
  });
  return given({
    ...common(form, campaign),
    size: wholeOf(textOf(form, "size")),
    pattern,
    weak_pattern: textOf(form, "weak_pattern"),
  });
}
