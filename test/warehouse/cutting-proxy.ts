/** A TCP proxy that can cut what runs through it: the network between the relay and ClickHouse on a bad day. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface CuttingProxy {
  readonly url: string;
  /** Cuts every open connection, wherever its request or answer is. */
  cut(): void;
  /** Cuts the next connection after this many bytes of its request, or of its answer. */
  cutAfter(bytes: number, direction: "request" | "answer"): void;
  readonly cuts: number;
  close(): Promise<void>;
}

export async function startCuttingProxy(targetUrl: string): Promise<CuttingProxy> {
  const target = new URL(targetUrl);
  const pairs = new Set<() => void>();
  let budget: { bytes: number; direction: "request" | "answer" } | undefined;
  let cuts = 0;

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const end = () => {
      pairs.delete(end);
      client.destroy();
      upstream.destroy();
    };
    pairs.add(end);
    const forward = (from: Socket, to: Socket, direction: "request" | "answer") => {
      from.on("data", (chunk) => {
        if (budget?.direction === direction) {
          budget.bytes -= chunk.length;
          if (budget.bytes <= 0) {
            budget = undefined;
            cuts += 1;
            // What came before the cut still arrives: a body that stops in the middle is the harder case.
            if (direction === "request") to.write(chunk.subarray(0, insideBody(chunk)), end);
            else end();
            return;
          }
        }
        to.write(chunk);
      });
      from.on("error", end);
      from.on("close", end);
    };
    forward(client, upstream, "request");
    forward(upstream, client, "answer");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const url = new URL(targetUrl);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.toString(),
    cut: () => {
      cuts += pairs.size;
      for (const end of [...pairs]) end();
    },
    cutAfter: (bytes, direction) => {
      budget = { bytes, direction };
    },
    get cuts() {
      return cuts;
    },
    close: () => {
      for (const end of [...pairs]) end();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/**
 * Where to cut a request: in the middle of its body. Never in its head: this engine answers half a head with a 400, and
 * when nobody is left to read that, an exception of its HTTP library ends the process. A head is one small packet, so
 * only a proxy like this one could tear it.
 */
function insideBody(chunk: Buffer): number {
  const headEnds = chunk.indexOf("\r\n\r\n");
  const bodyBegins = headEnds < 0 ? 0 : headEnds + 4;
  return bodyBegins + Math.floor((chunk.length - bodyBegins) / 2);
}
