import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createRawServer, type Server as RawServer } from "node:net";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { parseNetworks } from "../../../api/outbound/networks.ts";
import { type OutsideRequest, requestOutside } from "../../../api/outbound/request.ts";

const loopback = { allow: parseNetworks("127.0.0.1") };
const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function serve(listener: RequestListener): Promise<string> {
  return listen(createServer(listener));
}

async function listen(server: Server | RawServer) {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  open.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function ask(url: string, more: Partial<OutsideRequest> = {}) {
  return requestOutside({ url, method: "POST", timeoutMs: 5_000, answerBytesMax: 100, outbound: loopback, ...more });
}

describe("a request to the outside", () => {
  it("brings the body there and the answer back", async () => {
    const url = await serve(async (request, response) => {
      const parts = await request.toArray();
      response.writeHead(201, { "x-answer": "yes" });
      response.end(`${request.method} ${request.url} ${request.headers["x-own"]} ${Buffer.concat(parts)}`);
    });
    const answer = await ask(`${url}/hook?a=1`, { headers: { "x-own": "1", Host: "metadata" }, body: "grüße" });
    expect(answer).toMatchObject({ outcome: "answered", status: 201, isCut: false, isSent: true });
    if (answer.outcome !== "answered") throw new Error("failed");
    expect(answer.body.toString()).toBe("POST /hook?a=1 1 grüße");
    expect(answer.headers["x-answer"]).toBe("yes");
  });

  it("sends a stream, and knows that an answer before its end is not about all of it", async () => {
    const url = await serve(async (request, response) => {
      if (request.url === "/early") return void response.end("enough");
      response.end(String(Buffer.concat(await request.toArray()).length));
    });
    const whole = await ask(url, { body: Readable.from(["a".repeat(70_000), "b".repeat(70_000)]) });
    expect(whole).toMatchObject({ isSent: true, body: Buffer.from("140000") });
    const endless = new Readable({ read: () => undefined });
    expect(await ask(`${url}/early`, { body: endless })).toMatchObject({ status: 200, isSent: false });
    expect(endless.destroyed).toBe(true);
  });

  it("knows that a stream of a known length has left us whole before the stream says that it is at its end", async () => {
    const url = await serve((request, response) => {
      let bytes = 0;
      request.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes === 6) response.end("whole");
      });
    });
    for (const [bodyBytes, isSent] of [
      [6, true],
      [7, false],
    ] as const) {
      const neverAtItsEnd = new Readable({ read: () => undefined });
      for (const part of ["ab", "cd", "ef"]) neverAtItsEnd.push(part);
      expect(await ask(url, { body: neverAtItsEnd, bodyBytes })).toMatchObject({ status: 200, isSent });
    }
  });

  it("fails when its own body does", async () => {
    const url = await serve((request, response) => void request.resume().on("end", () => response.end()));
    const body = Readable.from(
      (async function* () {
        yield "half";
        throw new Error("the store was away");
      })(),
    );
    expect(await ask(url, { body })).toMatchObject({ outcome: "failed", reason: "connection_failed" });
  });

  it("outlives a body that fails when nobody reads from it, or no more", async () => {
    const refused = new Readable({ read: () => undefined });
    const asked = ask("https://10.0.0.1/", { body: refused, outbound: undefined });
    refused.destroy(new Error("the file is gone"));
    expect(await asked).toMatchObject({ reason: "url_refused" });
    const url = await serve((_, response) => void response.end("enough"));
    const late = new Readable({ read: () => undefined });
    expect(await ask(url, { body: late })).toMatchObject({ status: 200 });
    late.emit("error", new Error("too late"));
    expect(late.destroyed).toBe(true);
  });

  it("outlives a connection that is reset after the head of the answer", async () => {
    const raw = createRawServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nabc", () => socket.resetAndDestroy());
      });
    });
    const answer = await ask(await listen(raw), { body: "x" });
    expect(answer).toMatchObject({ outcome: "answered", status: 200, isCut: true });
  });

  it("follows no redirect", async () => {
    let calls = 0;
    const url = await serve((_, response) => {
      calls += 1;
      response.writeHead(307, { location: "/elsewhere" }).end();
    });
    expect(await ask(url)).toMatchObject({ outcome: "answered", status: 307 });
    expect(calls).toBe(1);
  });

  it("reads a bounded part of an endless answer", async () => {
    const url = await serve((_, response) => {
      response.on("error", () => undefined);
      const more = () => {
        while (response.write("x".repeat(65_536)));
      };
      response.on("drain", more);
      more();
    });
    const answer = await ask(url);
    expect(answer).toMatchObject({ outcome: "answered", status: 200, isCut: true });
    expect(answer.outcome === "answered" && answer.body.length).toBe(100);
  });

  it("ends in time with whoever takes the connection and says nothing, or says it drop by drop", async () => {
    const silent = await listen(createRawServer(() => undefined));
    expect(await ask(silent, { timeoutMs: 150 })).toMatchObject({ outcome: "failed", reason: "timed_out" });
    const slow = await serve((_, response) => {
      const timer = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(timer));
    });
    expect(await ask(slow, { timeoutMs: 150 })).toMatchObject({ outcome: "answered", status: 200, isCut: true });
    const lost = { ...loopback, resolve: () => new Promise<never>(() => undefined) };
    expect(await ask("http://slow-dns.example", { timeoutMs: 50, outbound: lost })).toMatchObject({
      reason: "timed_out",
    });
  });

  it("ends when it is told to", async () => {
    const silent = await listen(createRawServer(() => undefined));
    expect(await ask(silent, { signal: AbortSignal.timeout(30) })).toMatchObject({ reason: "interrupted" });
  });

  it("says that nobody is there, that TLS failed, and that a header cannot be", async () => {
    const gone = createServer();
    const url = await listen(gone);
    await new Promise((resolve) => gone.close(resolve));
    expect(await ask(url)).toMatchObject({ outcome: "failed", reason: "connection_failed" });
    const plain = await serve((_, response) => void response.end());
    expect(await ask(plain.replace("http:", "https:"))).toMatchObject({ outcome: "failed", reason: "tls_failed" });
    expect(await ask(plain, { headers: { "x-own": "a\r\nb: c" } })).toMatchObject({ reason: "request_refused" });
  });

  it("never reaches what is not public", async () => {
    let calls = 0;
    const url = await serve((_, response) => {
      calls += 1;
      response.end();
    });
    const { port } = new URL(url);
    const byName = { allow: [], resolve: async () => [{ address: "127.0.0.1", family: 4 }] };
    expect(await ask(url, { outbound: undefined })).toMatchObject({ reason: "url_refused" });
    expect(await ask(`https://inside.example:${port}`, { outbound: byName })).toMatchObject({
      reason: "address_refused",
    });
    expect(calls).toBe(0);
  });

  it("connects to the address that was vetted, whatever its name server says next", async () => {
    const seen: string[] = [];
    const url = await serve((request, response) => {
      seen.push(String(request.headers.host));
      response.end();
    });
    const { port } = new URL(url);
    const answers = ["127.0.0.1", "127.0.0.2", "169.254.169.254"];
    let asked = 0;
    const rebinding = {
      ...loopback,
      resolve: async () => [{ address: answers[asked++] ?? "169.254.169.254", family: 4 }],
    };
    const first = await ask(`http://rebind.example:${port}`, { outbound: rebinding });
    expect(first).toMatchObject({ outcome: "answered", status: 200 });
    expect({ asked, seen }).toEqual({ asked: 1, seen: [`rebind.example:${port}`] });
    const second = await ask(`http://rebind.example:${port}`, { outbound: rebinding });
    expect(second).toMatchObject({ outcome: "failed", reason: "address_refused" });
    expect(seen).toHaveLength(1);
  });

  it("speaks plainly to networks of the operator alone", async () => {
    const publicName = { ...loopback, resolve: async () => [{ address: "93.184.216.34", family: 4 }] };
    expect(await ask("http://shop.example/", { outbound: publicName })).toMatchObject({ reason: "url_refused" });
  });
});
