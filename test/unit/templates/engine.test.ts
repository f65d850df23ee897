import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emailAdapter } from "../../../api/channels/email/adapter.ts";
import { variableFields, variablesOf } from "../../../api/templates/catalogue.ts";
import { faultOfText, renderText, variablesIn } from "../../../api/templates/engine.ts";
import { exampleSources, exampleVariables } from "../../../api/templates/example.ts";
import { renderMessage } from "../../../api/templates/render.ts";

const german = { language: "de-DE", timeZone: "Europe/Berlin" };

function render(source: string, { html = false, variables = exampleVariables as Record<string, unknown> } = {}) {
  return renderText(source, { html }, variables, german);
}

function detail(source: string): string {
  const result = render(source);
  return result.outcome === "failed" ? result.detail : `rendered ${result.text.slice(0, 50)}`;
}

describe("a template", () => {
  it("says money and dates as the customer's language does", () => {
    const texts = [
      ["{{ voucher.balance_amount | money: voucher.currency }}", "25,00\u00a0€"],
      ["{{ 1050 | money: 'JPY' }}", "1.050\u00a0¥"],
      ["{{ 123450 | money: 'HUF' }}", "1.234,50\u00a0HUF"],
      ["{{ voucher.expires_at | date: 'long' }}", "1. Januar 2027"],
      ["{{ voucher.expires_at | date: 'long', 'UTC' }}", "31. Dezember 2026"],
      ["{{ customer.birthday | date: 'short' }}", "17.05.90"],
      ["{{ campaign.ends_at | date }}", ""],
      ["{{ order.total | default: 'none' }}", "none"],
    ];
    for (const [source = "", text] of texts) expect(render(source)).toEqual({ outcome: "rendered", text });
  });

  it("escapes everything in HTML once, and nothing in text", () => {
    const variables = variablesOf({ ...exampleSources, customer: { ...exampleSources.customer, name: "<b>&\"'" } });
    for (const source of ["{{ customer.name }}", "{{ customer.name | escape }}"]) {
      expect(render(source, { html: true, variables })).toEqual({
        outcome: "rendered",
        text: "&lt;b&gt;&amp;&#34;&#39;",
      });
    }
    expect(render("{{ customer.name }}", { variables })).toEqual({ outcome: "rendered", text: "<b>&\"'" });
    expect(detail("{{ customer.name | raw }}")).toContain("undefined filter: raw");
  });

  it("renders nothing of a customer as a template", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (name) => {
        const hostile = `{{ 7 | times: 6 }}{% for i in (1..9) %}${name}`;
        const variables = variablesOf({ ...exampleSources, customer: { ...exampleSources.customer, name: hostile } });
        expect(render("{{ customer.name }}", { variables })).toEqual({ outcome: "rendered", text: hostile });
      }),
      { numRuns: 50 },
    );
  });

  it("names the line and the variable that is wrong", () => {
    expect(detail("one\n{{ customer.attributes.city }}")).toBe(
      "undefined variable: customer.attributes.city, line:2, col:4",
    );
    expect(faultOfText("{{ customer.nmae }}", variableFields)).toBe("There is no variable customer.nmae.");
    expect(faultOfText("{{ vouchr.code }}", variableFields)).toBe("There is no variable vouchr.");
    expect(faultOfText("a\n{% if %}", variableFields)).toContain("line:2");
    expect(faultOfText("{% for c in customer.tags.tier %}{{ c }}{% endfor %}", variableFields)).toBeUndefined();
    expect(variablesIn(["{{ customer.name }} {{ voucher.code }}", "{{ customer.name }}"])).toEqual([
      "customer.name",
      "voucher.code",
    ]);
  });

  it("chooses the customer's language, or the same without its region, or its own", () => {
    const template = { language: "en", languages: { en: { subject: "Hi" }, de: { subject: "Hallo" } } };
    const of = (wanted: string | null) => {
      const result = renderMessage(template, emailAdapter.parts, exampleVariables, { wanted, timeZone: "UTC" });
      return result.outcome === "rendered" ? [result.language, result.parts.subject] : result;
    };
    expect(of("de-AT")).toEqual(["de", "Hallo"]);
    expect(of("DE")).toEqual(["de", "Hallo"]);
    expect(of("fr")).toEqual(["en", "Hi"]);
    expect(of(null)).toEqual(["en", "Hi"]);
  });
});

describe("a hostile template", () => {
  const thousands = (inner: string) =>
    ["a", "b", "c"].reduce((body, name) => `{% for ${name} in (1..1000) %}${body}{% endfor %}`, inner);

  it.each([
    ["10^9 turns", thousands("x"), "render limit"],
    ["10^9 turns that do nothing", thousands(""), "render limit"],
    ["a range of 10^9", "{% for a in (1..1000000000) %}x{% endfor %}", "memory"],
    [
      "a text that doubles",
      "{% assign a = 'xxxxxxxx' %}{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}",
      "memory",
    ],
    ["an include", "{% include 'a' %}", 'tag "include" not found'],
    ["a file", "{% render '/etc/passwd' %}", 'tag "render" not found'],
    ["a layout", "{% layout '../../etc/passwd' %}", 'tag "layout" not found'],
    ["the constructor", "{{ customer.constructor.constructor }}", "undefined variable"],
    ["the prototype", "{{ customer['__proto__'] }}", "undefined variable"],
    ["the prototype of a text", "{{ customer.name.constructor }}", "undefined variable"],
    ["a method", "{{ customer.tags.tier.map }}", "undefined variable"],
    ["a depth without end", `{{ ${"a[".repeat(20_000)}1${"]".repeat(20_000)} }}`, "call stack"],
    ["half a megabyte", "x".repeat(500_001), "limit"],
    ["a pattern of dates", "{{ 'now' | date: '%1000000000d' }}", "date takes"],
    ["an expression", "{{ customer.tags.tier | where_exp: 'x', 'x == 1' }}", "undefined filter"],
    ["no time zone", "{{ voucher.expires_at | date: 'long', 'Mars/Olympus' }}", "time zone"],
  ])("with %s ends at once and says why", (_, source, words) => {
    expect(detail(source)).toContain(words);
  });
});
