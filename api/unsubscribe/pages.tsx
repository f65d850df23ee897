import type { Child } from "hono/jsx";

/** Without scripts and without anything from elsewhere: it is opened from mail programs. */
function Page(props: { title: string; children: Child }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <title>{props.title}</title>
        <style>{`body{font:1.0625rem/1.5 system-ui,sans-serif;max-width:32rem;margin:12vh auto;padding:0 1.25rem}
button{font:inherit;padding:.6rem 1.2rem;border-radius:.4rem;border:1px solid;cursor:pointer}`}</style>
      </head>
      <body>
        <main>
          <h1>{props.title}</h1>
          {props.children}
        </main>
      </body>
    </html>
  );
}

const names: Readonly<Record<string, string>> = {
  email: "e-mail",
  sms: "text message",
  messenger: "message",
  popup: "pop-up",
};

export function AskPage(props: { shop: string; kind: string }) {
  const what = names[props.kind] ?? "message";
  return (
    <Page title="Unsubscribe">
      <p>
        {props.shop} will send you no more offers by {what}. Messages about your orders still come.
      </p>
      <form method="post">
        <button type="submit">Unsubscribe</button>
      </form>
    </Page>
  );
}

export function DonePage(props: { shop: string; kind: string }) {
  return (
    <Page title="You are unsubscribed">
      <p>
        {props.shop} sends you no more offers by {names[props.kind] ?? "message"}.
      </p>
    </Page>
  );
}

export function UnknownPage() {
  return (
    <Page title="This link does not work">
      <p>It was cut off, or is not one of ours. Open it from the message again.</p>
    </Page>
  );
}
