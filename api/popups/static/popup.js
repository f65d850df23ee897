/**
 * Shows a customer's pop-ups on a page of the shop:
 *   <script src="https://promotions.example/popup.js" data-key="pk_…" data-customer="<token>" defer></script>
 * Writes text and never HTML, and needs no more of a page's policy than script-src and connect-src of its own origin.
 */
(() => {
  const tag = document.currentScript;
  const origin = new URL(tag.src).origin;
  const headers = { authorization: `Bearer ${tag.dataset.key}`, "tessera-customer": tag.dataset.customer };
  const closedName = "tessera-popups-closed";
  const seen = new Set();
  const queue = [];
  let isOpen = false;

  const call = (path, options) =>
    fetch(`${origin}/v1/popups${path}`, { ...options, headers, credentials: "omit", cache: "no-store" });
  const mark = (id, step) =>
    call(`/${encodeURIComponent(id)}/${step}`, { method: "POST", keepalive: true }).catch(() => {});

  /** Closed on this tab's pages before: what says so to the service may still be on its way. */
  function readClosed() {
    try {
      const ids = JSON.parse(sessionStorage.getItem(closedName));
      return Array.isArray(ids) ? ids : [];
    } catch {
      return [];
    }
  }
  function noteClosed(id) {
    try {
      sessionStorage.setItem(closedName, JSON.stringify([...readClosed().slice(-49), id]));
    } catch {
      // A page without storage shows it again at worst.
    }
  }

  function add(popup) {
    if (seen.has(popup.id) || readClosed().includes(popup.id)) return;
    seen.add(popup.id);
    queue.push(popup);
    showNext();
  }

  function element(name, text, style) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    // One by one: a style attribute would need style-src of the page's policy.
    for (const [property, value] of Object.entries(style)) made.style.setProperty(property, value);
    return made;
  }

  function linkOf(url) {
    try {
      const link = new URL(url, location.href);
      return /^https?:$/.test(link.protocol) ? link.href : undefined;
    } catch {
      return undefined;
    }
  }

  function showNext() {
    const popup = isOpen ? undefined : queue.shift();
    if (!popup) return;
    isOpen = true;
    const box = element("section", "", {
      position: "fixed",
      right: "1rem",
      bottom: "1rem",
      "z-index": "2147483000",
      "box-sizing": "border-box",
      width: "22rem",
      "max-width": "calc(100vw - 2rem)",
      padding: "1rem 1.25rem",
      "border-radius": "0.75rem",
      background: "Canvas",
      color: "CanvasText",
      border: "1px solid GrayText",
      "box-shadow": "0 0.5rem 2rem rgb(0 0 0 / 0.25)",
      font: "1rem/1.4 system-ui, sans-serif",
      "overflow-wrap": "anywhere",
      // A long text leaves some of the page to be seen, and its button where it is.
      "max-height": "60vh",
      "overflow-y": "auto",
    });
    box.dataset.tesseraPopup = popup.id;
    // Not modal: it takes no focus from what the customer is doing, and is read out to those who do not see it.
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-label", popup.title);
    const spoken = element("div", "", {});
    spoken.setAttribute("role", "status");
    const close = element("button", "×", {
      float: "right",
      position: "sticky",
      top: "0",
      border: "0",
      background: "none",
      color: "inherit",
      font: "inherit",
      "font-size": "1.5rem",
      "line-height": "1",
      cursor: "pointer",
      padding: "0 0.25rem",
    });
    close.type = "button";
    close.setAttribute("aria-label", "Close");
    let focusBefore;
    box.addEventListener("focusin", ({ relatedTarget }) => {
      if (!box.contains(relatedTarget)) focusBefore = relatedTarget;
    });
    const end = (step) => {
      void mark(popup.id, step);
      noteClosed(popup.id);
      const hadFocus = box.contains(document.activeElement);
      box.remove();
      if (hadFocus) focusBefore?.focus();
      document.removeEventListener("keydown", onKey);
      isOpen = false;
      showNext();
    };
    const onKey = (event) => {
      // One that closed something of the page itself is not meant for us.
      if (event.key === "Escape" && !event.defaultPrevented) end("dismissed");
    };
    close.addEventListener("click", () => end("dismissed"));
    document.addEventListener("keydown", onKey);
    box.append(close, spoken);
    const href = popup.url ? linkOf(popup.url) : undefined;
    if (href) {
      const link = element("a", popup.button || href, {
        display: "inline-block",
        "margin-top": "0.75rem",
        color: "LinkText",
      });
      link.href = href;
      link.rel = "noopener";
      link.addEventListener("click", () => end("clicked"));
      box.append(link);
    }
    document.body.append(box);
    // What comes into a status that is there is read out; a status that comes with its text is not.
    setTimeout(() =>
      spoken.append(
        element("strong", popup.title, { display: "block", "font-size": "1.1rem" }),
        element("p", popup.text, { margin: "0.5rem 0 0", "white-space": "pre-line" }),
      ),
    );
    void mark(popup.id, "shown");
  }

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  /** Server-sent events by fetch: an EventSource could send neither the key nor the token. */
  async function listen() {
    const answer = await call("/stream", {});
    if (answer.status === 429) return false;
    if (!answer.ok) throw new Error(String(answer.status));
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return true;
      text += value;
      const events = text.split("\n\n");
      text = events.pop();
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event);
        if (data) add(JSON.parse(data[1]));
      }
    }
  }

  async function poll() {
    const answer = await call("", {});
    if (!answer.ok) throw new Error(String(answer.status));
    for (const popup of (await answer.json()).data) add(popup);
  }

  /** A key or token that is refused stays refused; anything else may pass. */
  async function run() {
    let waitMs = 2_000;
    for (;;) {
      try {
        if (!(await listen())) {
          await poll();
          await pause(30_000);
        }
        waitMs = 2_000;
      } catch (error) {
        if (/^40[13]$/.test(error.message)) return;
        waitMs = Math.min(waitMs * 2, 120_000);
      }
      await pause(waitMs + Math.random() * 1_000);
    }
  }

  void run();
})();
