import { Page } from "./shell.tsx";

export function SignInPage(props: { returnTo: string; fault?: string }) {
  return (
    <Page title="Sign in">
      <h1>Sign in</h1>
      <p>Dashboards show one project. Its key opens them.</p>
      <form method="post" action="/console/sign-in">
        <input type="hidden" name="return_to" value={props.returnTo} />
        <label for="key">Secret key</label>
        <input
          id="key"
          name="key"
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          required
          autofocus
          aria-describedby={props.fault ? "fault" : "hint"}
        />
        <button type="submit">Open dashboards</button>
      </form>
      {props.fault && (
        <p class="fault" id="fault" role="alert">
          {props.fault}
        </p>
      )}
      <p class="hint" id="hint">
        Any secret key with the scope <code>analytics</code>. The demo project's key is printed at the first start. You
        stay signed in for 12 hours, or until the key is revoked.
      </p>
    </Page>
  );
}
