import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { isUpload, listen } from "../../../api/supervise/listener.ts";

/** Sends the head of a request and one byte of its body, and waits. */
async function begin(port: number, path: string) {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{`);
  return socket;
}

it("cuts a body that does not arrive, but not an upload, which may take its time", async () => {
  const listener = await listen("127.0.0.1", 0, {}, { bodyTimeoutMs: 50 });
  listener.hand(async (request) => new Response(await request.text()));
  try {
    const upload = await begin(listener.port, "/v1/import/orders");
    const slow = await begin(listener.port, "/v1/validations");
    await once(slow, "close");
    let answer = "";
    upload.setEncoding("utf8").on("data", (text) => {
      answer += text;
    });
    upload.write("}");
    await expect.poll(() => answer).toMatch(/^HTTP\/1\.1 200[\s\S]*\{\}/);
    upload.destroy();
  } finally {
    await listener.close(0);
  }
});

it("knows every route that takes a file", () => {
  const { paths } = JSON.parse(readFileSync(new URL("../../../openapi.json", import.meta.url), "utf8"));
  const takesFiles = Object.entries<Record<string, { requestBody?: { content?: object } }>>(paths).filter(
    ([, methods]) =>
      Object.values(methods).some(({ requestBody }) => Object.hasOwn(requestBody?.content ?? {}, "text/csv")),
  );
  expect(takesFiles.map(([path]) => [path, isUpload(path)])).toEqual(takesFiles.map(([path]) => [path, true]));
  expect(takesFiles.length).toBeGreaterThan(0);
  expect(isUpload("/v1/validations?/v1/import/orders")).toBe(false);
});
