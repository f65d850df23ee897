/** A customer as a line of CSV. */
import { csvField } from "../http/row-download.ts";
import type { ListedCustomer } from "./queries.ts";

/** A spreadsheet makes a number of it, and no formula: other systems want it as it is. */
const phoneNumber = /^\+\d{5,15}$/;

export function csvHead(columns: readonly string[]): string {
  return `${columns.map(csvField).join(",")}\r\n`;
}

export function csvLine(customer: ListedCustomer, columns: readonly string[]): string {
  return `${columns.map((column) => fieldOf(customer, column)).join(",")}\r\n`;
}

function fieldOf(customer: ListedCustomer, column: string): string {
  const value = cellOf(customer, column);
  if (typeof value === "number") return String(value);
  return column === "phone" && typeof value === "string" && phoneNumber.test(value) ? value : csvField(value);
}

function cellOf(customer: ListedCustomer, column: string): string | number | boolean | object | null {
  switch (column) {
    case "identifier":
    case "name":
    case "email":
    case "phone":
    case "birthday":
    case "code":
      return customer[column];
    case "code_expires_at":
    case "entered_at":
      return customer[column]?.toISOString() ?? null;
    default: {
      const name = column.slice("attributes.".length);
      const value = Object.hasOwn(customer.attributes, name) ? customer.attributes[name] : null;
      if (typeof value === "number" || typeof value === "boolean" || typeof value === "string") return value;
      return typeof value === "object" ? value : null;
    }
  }
}
