/**
 * What is outside of the walk in docs/distribution.md: a mail server, a receiver of webhooks, a provider of text messages
 * and a marketing system, all on this machine. They print what they get.
 *
 *   npx tsx docs/examples/distribution/main.ts
 */
import { createServer, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";
import { Webhook } from "standardwebhooks";

const { MAIL_PORT = "2525", HTTP_PORT = "2526" } = process.env;
const print = (line: string) => process.stdout.write(`${line}\n`);

new SMTPServer({
  authOptional: true,
  disabledCommands: ["STARTTLS"],
  async onData(stream, _session, done) {
    print(`MAIL\n${readable(await text(stream))}`);
    done();
  },
}).listen(Number(MAIL_PORT), "127.0.0.1");

/** Undoes quoted-printable, so that links can be followed. */
function readable(mail: string): string {
  return mail.replaceAll("=\r\n", "").replaceAll("=3D", "=");
}

let secret = "";
let failures = 0;

createServer(async (request, response) => {
  const body = await text(request);
  switch (request.url) {
    case "/secret": // of the event subscription
      secret = body;
      return void response.writeHead(204).end();
    case "/failures": // how many of the next webhooks fail
      failures = Number(body);
      return void response.writeHead(204).end();
    case "/hooks":
      return void response.writeHead(hear(body, request.headers)).end();
    case "/sms":
      print(`SMS ${body}`);
      return void response.writeHead(201, { "content-type": "application/json" }).end('{"sid":"SM1"}');
    case "/list.csv":
      print(`LIST\n${body}`);
      return void response.writeHead(200).end();
    default:
      return void response.writeHead(404).end();
  }
}).listen(Number(HTTP_PORT), "127.0.0.1");

function hear(body: string, headers: IncomingHttpHeaders): number {
  if (failures > 0) {
    failures -= 1;
    print(`EVENT ${headers["webhook-id"]} answered with 503`);
    return 503;
  }
  try {
    const event = new Webhook(secret).verify(body, headers as Record<string, string>) as { type: string };
    print(`EVENT ${headers["webhook-id"]} ${event.type}, signature verified`);
    return 204;
  } catch (error) {
    print(`EVENT ${headers["webhook-id"]} refused: ${String(error)}`);
    return 400;
  }
}

print(`Mail on ${MAIL_PORT}; /hooks, /sms and /list.csv on ${HTTP_PORT}.`);
