/** Every operation of the OpenAPI document, so that a suite over them meets a new route on the day it is mounted. */
import { openApiDocument } from "../../api/docs/document.ts";
import type { Scope } from "../../api/http/environment.ts";
import type { TestApp } from "./app.ts";

/** As much of JSON Schema as the document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly example?: unknown;
}

export interface Operation {
  readonly name: string;
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
  readonly pathParameters: readonly string[];
  readonly queryParameters: Readonly<Record<string, Schema>>;
  /** Any of them lets a key in; empty for routes without a key. */
  readonly scopes: readonly Scope[];
  readonly body: Schema | undefined;
}

interface RawOperation {
  readonly security?: readonly { readonly key?: readonly Scope[] }[];
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

interface RawDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export function readOperations(app: TestApp["app"]): {
  operations: Operation[];
  schemas: Readonly<Record<string, Schema>>;
} {
  const document = openApiDocument(app) as unknown as RawDocument;
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, raw]) => toOperation(method.toUpperCase(), path, raw)),
  );
  return { operations, schemas: document.components.schemas };
}

function toOperation(method: string, path: string, raw: RawOperation): Operation {
  const query = (raw.parameters ?? []).filter((parameter) => parameter.in === "query");
  return {
    name: `${method} ${path}`,
    method,
    path,
    pathParameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ""),
    queryParameters: Object.fromEntries(query.map(({ name, schema }) => [name, schema])),
    scopes: (raw.security ?? []).flatMap((requirement) => requirement.key ?? []),
    body: raw.requestBody?.content["application/json"]?.schema,
  };
}

/** The path with each parameter replaced, already encoded by the caller. */
export function fillPath(path: string, values: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "none");
}
