const elsewhere = "http://local.invalid";
/** Where a visitor goes who came for nothing in particular. */
const home = "/dashboards/";

/** The path to go back to after signing in: one of this server, else the dashboards. Never another host. */
export function localPath(wanted: string | undefined): string {
  if (!wanted?.startsWith("/") || /[\\\p{Cc}]/u.test(wanted)) return home;
  const url = URL.canParse(wanted, elsewhere) ? new URL(wanted, elsewhere) : undefined;
  if (url?.origin !== elsewhere || url.pathname.startsWith("//")) return home;
  return url.pathname + url.search + url.hash;
}

/** The sign-in page that comes back to this path. */
export function signInAddress(returnTo: string): string {
  return `/console/sign-in?return_to=${encodeURIComponent(returnTo)}`;
}
