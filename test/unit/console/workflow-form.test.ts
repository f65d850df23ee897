/** A workflow out of its form is the one that went in. */
import { describe, expect, it } from "vitest";
import { typedSheet } from "../../../api/console/parts/sheet.ts";
import type { Viewer } from "../../../api/console/viewer.ts";
import { asShown, type Choices, fittedTo } from "../../../api/console/workflows/choices.ts";
import { EditPage } from "../../../api/console/workflows/edit-page.tsx";
import { readWorkflow, workflowField, writeWorkflow } from "../../../api/console/workflows/workflow-fields.ts";
import { workflowBody } from "../../../api/workflows/schemas.ts";
import { eventFields } from "../../../api/workflows/trigger-schema.ts";

const named = (kind: string, count = 2) =>
  Array.from({ length: count }, (_, n) => ({
    id: `${kind}_${n}`,
    name: `One of usual length of ${kind} ${n}`,
    currency: "EUR",
  }));
const choicesOf = (count: number): Choices => ({
  campaigns: named("cam", count),
  cards: named("cam", 1),
  segments: named("seg", count),
  lists: named("seg", count),
  channels: named("chn", count),
  templates: named("tpl", count),
  typed: new Set(),
  others: new Map(),
});

const viewer = { projectId: "prj", name: "Mia", scopes: ["manage"], formToken: "token" } as unknown as Viewer;

const triggers = [
  { on: "customer.created" },
  { on: "customer.birthday", days_before: 3, at: "08:30" },
  { on: "customer.anniversary" },
  { on: "order.paid" },
  { on: "orders.reached", count: 3 },
  { on: "orders.reached", amount: 12_050, currency: "EUR" },
  { on: "redemption.succeeded", campaign_ids: ["cam_0", "cam_1"] },
  { on: "redemption.rejected" },
  { on: "voucher.published", campaign_ids: ["cam_1"] },
  { on: "voucher.expiring", days_before: 7 },
  { on: "points.reached", points: 500 },
  { on: "segment.entered", segment_id: "seg_0" },
  { on: "segment.left", segment_id: "seg_1" },
  { on: "custom", name: "newsletter_opened" },
];
const to = { channel_id: "chn_0", template_id: "tpl_0" };
const steps = [
  { type: "wait", hours: 2 },
  { type: "wait", until: "09:00" },
  { type: "condition", rule: { all: [{ on: "customer.orders_count", window_days: 60, op: "equals", value: 0 }] } },
  { type: "publish_voucher", campaign_id: "cam_1" },
  { type: "gift_credit", amount: 550, currency: "EUR", campaign_id: "cam_0" },
  { type: "points", points: 20, expires_in_days: 60 },
  { type: "deliver", ...to },
  { type: "add_to_segment", segment_id: "seg_0" },
  { type: "remove_from_segment", segment_id: "seg_1" },
];
const settings = {
  time_zone: "Europe/Berlin",
  quiet_hours: { from: "21:00", to: "08:00" },
  cap: { deliveries_max: 3, days: 7 },
  entry: "once",
  entry_gap_days: 30,
  currency: "EUR",
};
const stored = (body: object) => ({ ...workflowBody.parse(body), version: 4 });

describe("the form of a workflow", () => {
  it("gives back every trigger with every step, chosen from lists or typed by name", () => {
    expect(new Set(triggers.map(({ on }) => on)).size).toBe(Object.keys(eventFields).length);
    for (const choices of [choicesOf(2), fittedTo({}, choicesOf(90))]) {
      for (const trigger of triggers) {
        const name = `On ${trigger.on}`;
        const body = stored({
          name,
          trigger,
          conditions: { all: [{ on: "customer.points", op: "less_than", value: 9 }] },
          steps,
          settings,
        });
        const read = readWorkflow(asShown(writeWorkflow(body), choices), choices);
        expect({ ...workflowBody.parse(read), version: 4 }).toEqual(body);
      }
    }
  });

  it("keeps campaigns that it does not offer: main ones, and such as are archived since", () => {
    const trigger = { on: "redemption.succeeded", campaign_ids: ["cam_0", "cam_main"] };
    const typed = writeWorkflow(stored({ name: "Some", trigger, steps: [{ type: "points", points: 5 }] }));
    for (const count of [0, 2]) {
      const choices = { ...choicesOf(count), others: new Map([["cam_main", "All of spring"]]) };
      const sheet = typedSheet(asShown(typed, choices));
      const page = String(EditPage({ viewer, sheet, stored: undefined, choices, action: "/console/workflows/new" }));
      const boxes = page.match(/<input[^>]* name="trigger\.campaign_ids"[^>]* checked[^>]*>/g) ?? [];
      const ticked = boxes.map((box) => / value="([^"]*)"/.exec(box)?.[1]);
      expect(ticked.sort()).toEqual(["cam_0", "cam_main"]);
      expect(page).toContain("All of spring");
    }
  });

  it("asks about the event, and about the referrer", () => {
    const trigger = { on: "redemption.succeeded" };
    const conditions = { any: [{ on: "event.codes_count", op: "greater_than", value: 1 }] };
    const body = stored({ name: "Both", trigger, conditions, steps: [{ type: "points", points: 5, to: "referrer" }] });
    expect(readWorkflow(writeWorkflow(body), choicesOf(2))).toMatchObject({ conditions, steps: body.steps });
  });

  it("says what is wrong where it was typed", () => {
    const form = {
      name: ["x"],
      "trigger.on": ["orders.reached"],
      "steps.0.type": ["wait"],
      "steps.1.type": ["deliver"],
      "steps.1.channel_id": ["chn_0"],
      "settings.quiet_hours.from": ["21:00"],
      "settings.cap.days": ["many"],
    };
    const { error } = workflowBody.safeParse(readWorkflow(form, choicesOf(2)));
    const fields = error?.issues.map(({ path }) => workflowField(path.join(".")));
    expect(fields).toEqual([
      "trigger.count",
      "steps.0",
      "steps.1.template_id",
      "settings.quiet_hours.to",
      "settings.cap.deliveries_max",
      "settings.cap.days",
    ]);
  });

  it("is a page of less than 100 KB, however many steps there are and however much there is to choose from", () => {
    const many = ["publish_voucher", "gift_credit", "deliver", "add_to_segment"].map((type) =>
      Array.from({ length: 20 }, () => type),
    );
    const mixed = Array.from({ length: 20 }, (_, n) => steps[n % steps.length]?.type ?? "points");
    for (const types of [...many, mixed]) {
      for (const count of [5, 40, 500]) {
        const form = {
          "trigger.on": ["redemption.succeeded"],
          "conditions.group": ["all"],
          "conditions.0.on": ["customer.points"],
          ...Object.fromEntries(types.map((type, n) => [`steps.${n}.type`, [type]])),
        };
        const choices = fittedTo(form, choicesOf(count));
        const sheet = typedSheet(asShown(form, choices));
        const page = String(EditPage({ viewer, sheet, stored: undefined, choices, action: "/console/workflows/new" }));
        expect(Buffer.byteLength(page), `${types[0]} of ${count}`).toBeLessThan(100_000);
      }
    }
  });
});
