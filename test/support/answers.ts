/** Calls through the HTTP application whose answers tests look into. */
import type { TestApp, TestProject } from "./app.ts";

/** Anything a JSON answer may hold. Fields that are not there read as undefined and fail the assertion that looks. */
// biome-ignore lint/suspicious/noExplicitAny: the assertions are what checks the shape.
export type Body = any;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export async function send(
  project: Pick<TestProject, "request">,
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<Answer> {
  const response = await project.request(method, path, body, headers);
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** The same project, asked with another key: `{ kind: "secret", scopes }` or `{ kind: "publishable", allowed_origins }`. */
export async function withKey(app: TestApp, project: TestProject, key: object): Promise<Pick<TestProject, "request">> {
  const { status, body } = await send(project, "POST", "/v1/keys", { name: "test", ...key });
  if (status !== 201) throw new Error(`no key was made: ${JSON.stringify(body)}`);
  return {
    request: async (method, path, content, headers = {}) =>
      app.app.request(path, {
        method,
        headers: { authorization: `Bearer ${body.key}`, "content-type": "application/json", ...headers },
        ...(content === undefined ? {} : { body: JSON.stringify(content) }),
      }),
  };
}
