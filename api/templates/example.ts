/** What a preview or a test shows where no customer is named. */
import { type Sources, variablesOf } from "./catalogue.ts";

export const exampleSources = {
  customer: {
    identifier: "customer-1",
    name: "Ada Example",
    email: "ada@people.example",
    phone: "+4915112345678",
    birthday: "1990-05-17",
    attributes: {},
    tags: { tier: ["gold"] },
  },
  published: {
    campaign_id: "cam_example",
    campaign_name: "Spring sale",
    code: "SPRING-2026",
    kind: "unique",
    currency: "EUR",
    expires_at: new Date("2026-12-31T23:00:00Z"),
    ends_at: null,
    balance_amount: 2_500,
    customer_information: "10 % off everything",
  },
  given: { order: {}, properties: {} },
  unsubscribeUrl: "https://shop.example/unsubscribe/example",
} satisfies Sources;

export const exampleVariables = variablesOf(exampleSources);
