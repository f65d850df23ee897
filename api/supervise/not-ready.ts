/** What the port answers while stores and migrations come up. */

export function answerProblemDocument(request: Request, parts: Readonly<Record<string, boolean>>): Response {
  const { pathname } = new URL(request.url);
  if (pathname === "/healthz") return Response.json({ status: "ok" });
  if (pathname === "/readyz") return Response.json({ ready: false, parts }, { status: 503 });
  const problem = {
    type: "about:blank",
    title: "The service is not ready",
    status: 503,
    code: "not_ready",
    detail: "It is starting. Try again in a moment; GET /readyz says which part is missing.",
  };
  const headers = { "content-type": "application/problem+json", "retry-after": "1" };
  return new Response(JSON.stringify(problem), { status: 503, headers });
}
