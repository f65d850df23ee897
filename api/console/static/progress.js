/** Pages of work in the background: asks for the page again and puts in how far it is. */
const askEveryMs = 1_000;

async function ask() {
  const shown = document.getElementById("progress");
  if (!shown?.dataset.running) return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => undefined);
  if (answer?.ok && !answer.redirected) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("progress");
    // What is done shows other things on the rest of the page too.
    if (!next?.dataset.running) return location.reload();
    shown.replaceWith(next);
  }
  setTimeout(ask, askEveryMs);
}

setTimeout(ask, askEveryMs);
