/** A subscription as its form holds it, and back: the bodies of POST and PATCH /v1/event-subscriptions. */
import type { SubscriptionWire } from "../../event-subscriptions/read.ts";
import { textOf } from "../parts/sheet.ts";
import type { Form } from "../viewer.ts";

/** What is ticked and what is typed together are the types. */
export function bodyOf(form: Form) {
  const campaigns = (form["filter.campaign_ids"] ?? []).filter((id) => id !== "");
  return {
    url: textOf(form, "url") ?? "",
    description: textOf(form, "description") ?? null,
    types: textOf(form, "every") === "all" ? "all" : [...(form.types ?? []), ...wordsOf(textOf(form, "types_typed"))],
    filter: campaigns.length === 0 ? null : { campaign_ids: campaigns },
  };
}

export function wordsOf(text: string | undefined): string[] {
  return (text ?? "").split(/[\s,]+/).filter((word) => word !== "");
}

/** @param families the types that have a box to tick: "redemption.*" */
export function formOf(subscription: SubscriptionWire, families: readonly string[]): Form {
  const { url, description, types, filter } = subscription;
  const named = types === "all" ? [] : types;
  return {
    url: [url],
    description: [description ?? ""],
    every: [types === "all" ? "all" : "some"],
    types: named.filter((type) => families.includes(type)),
    types_typed: [named.filter((type) => !families.includes(type)).join("\n")],
    "filter.campaign_ids": filter?.campaign_ids ?? [],
  };
}
