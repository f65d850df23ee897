/** What the typed client makes of answers that have no body of the API's. */
import { expect, it } from "vitest";
import { accepted, createTessera } from "../../../api/client/client.ts";

const answering = (answer: Response) =>
  createTessera({ url: "http://tessera.invalid", key: "tsk_x", fetch: async () => answer });
const path = { params: { path: { id: "mem_1" } } };

it("takes a deletion without a body for what it is", async () => {
  const tessera = answering(new Response(null, { status: 204 }));
  await expect(accepted(tessera.DELETE("/v1/members/{id}", path))).resolves.toBeUndefined();
});

it("does not take a gateway's page for an answer", async () => {
  const tessera = answering(new Response("<h1>Bad gateway</h1>", { status: 502 }));
  await expect(accepted(tessera.DELETE("/v1/members/{id}", path))).rejects.toThrow("502");
});
