import { Page } from "./shell.tsx";

export function SignInPage(props: { returnTo: string; fault?: string }) {
  const toDashboards = props.returnTo.startsWith("/dashboards");
  return (
    <Page title="Sign in">
      <h1>Sign in</h1>
      <p>
        {toDashboards ? "Dashboards show" : "The console shows"} one project. Its key opens{" "}
        {toDashboards ? "them" : "it"}.
      </p>
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
        <button type="submit">{toDashboards ? "Open dashboards" : "Sign in"}</button>
      </form>
      {props.fault && (
        <p class="fault" id="fault" role="alert">
          {props.fault}
        </p>
      )}
      <p class="hint" id="hint">
        {toDashboards ? (
          <>
            Any secret key with the scope <code>analytics</code>.
          </>
        ) : (
          "Your own key as a member, which an owner made for you, or any secret key of the project: its scopes say which pages there are."
        )}{" "}
        The demo project's key is printed at the first start. You stay signed in for 12 hours, or until the key is
        revoked.
      </p>
    </Page>
  );
}
