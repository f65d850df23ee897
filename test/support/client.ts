/** The application through the client that the API's own types make: what a test asks or reads that is not there does not compile. */
import { createTessera, type Tessera } from "../../api/client/client.ts";
import type { TestApp, TestProject } from "./app.ts";

export function clientOf(app: Pick<TestApp, "app">, project: Pick<TestProject, "key">): Tessera {
  const fetch = async (request: Request) => app.app.fetch(request);
  return createTessera({ url: "http://tessera.invalid", key: project.key, fetch });
}
