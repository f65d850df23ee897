/**
 * The API as TypeScript sees it: every path, body and answer is typed by the OpenAPI document (`schema.ts`, written by
 * `npm run openapi`). For shops, examples and tests; nothing of the product imports it.
 */
import createFetchClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.ts";

export type Schemas = components["schemas"];
export type Tessera = Client<paths, "application/json">;

export interface TesseraOptions {
  /** Where the API is, without a path: "https://promotions.shop.example". */
  readonly url: string;
  /** A secret key, which no browser may see, or a publishable one. */
  readonly key: string;
  /** Absent: the fetch of the platform. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

export function createTessera({ url, key, fetch }: TesseraOptions): Tessera {
  return createFetchClient<paths, "application/json">({
    baseUrl: url,
    headers: { authorization: `Bearer ${key}` },
    ...(fetch === undefined ? {} : { fetch }),
  });
}

/** What the API refused, as it said why (RFC 9457). */
export class TesseraProblem extends Error {
  readonly problem: Schemas["Problem"];

  constructor(problem: Schemas["Problem"]) {
    super(`${problem.code}: ${problem.detail}`);
    this.problem = problem;
  }
}

/**
 * @returns the body of an answer that went well; nothing where the API says so with 204.
 * @throws TesseraProblem what the API refused; Error when the answer is not the API's, a gateway's say.
 */
export async function accepted<T>(
  answer: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<NonNullable<T>> {
  const { data, error, response } = await answer;
  if (data !== undefined && data !== null) return data as NonNullable<T>;
  if (response.status === 204) return undefined as unknown as NonNullable<T>;
  if (isProblem(error)) throw new TesseraProblem(error);
  throw new Error(`${response.status} without a body that the API would send`);
}

function isProblem(body: unknown): body is Schemas["Problem"] {
  return typeof body === "object" && body !== null && "code" in body && "status" in body && "detail" in body;
}
