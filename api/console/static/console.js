/** Keys and small comforts of the console's pages. Everything works without it: forms and links do. */
const theme = localStorage.getItem("evidence-theme");
// The dashboards' choice of light or dark; "system" leaves it to the browser.
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;

addEventListener("DOMContentLoaded", () => {
  const rows = [...document.querySelectorAll("[data-row]")];
  const boxes = rows.map((row) => row.querySelector('input[type="checkbox"]'));
  const all = document.getElementById("select-all");
  const counted = document.getElementById("selected-count");
  const help = document.getElementById("keys");
  let at = -1;

  const selected = () => boxes.filter((box) => box?.checked).length;

  function tell() {
    if (!counted) return;
    const count = selected();
    counted.textContent = count === 0 ? "None selected" : `${count} selected`;
    if (all) {
      all.checked = count > 0 && count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
    }
  }

  function goTo(place) {
    if (rows.length === 0) return;
    rows[at]?.classList.remove("here");
    at = Math.min(Math.max(place, 0), rows.length - 1);
    rows[at].classList.add("here");
    rows[at].querySelector("a")?.focus({ preventScroll: true });
    rows[at].scrollIntoView({ block: "nearest" });
  }

  /** On a review it is done at once; in the queue only to what was selected, else the row is and Enter says yes. */
  function act(name) {
    const button = document.querySelector(`button[data-key="${name}"]:not(:disabled)`);
    if (!button) return false;
    if (rows.length === 0) button.click();
    else if (selected() > 0) button.click();
    else if (boxes[at]) {
      boxes[at].checked = true;
      tell();
      button.focus();
    }
    return true;
  }

  const keys = {
    j: () => goTo(at + 1),
    k: () => goTo(at - 1),
    x: () => {
      if (!boxes[at]) return;
      boxes[at].checked = !boxes[at].checked;
      tell();
    },
    o: () => rows[at]?.querySelector("a")?.click(),
    c: () => act("c"),
    d: () => act("d"),
    h: () => act("h"),
    a: () => act("a"),
    n: () => document.getElementById("note")?.focus(),
    u: () => document.querySelector("a[data-up]")?.click(),
    "?": () => help?.showModal(),
  };

  addEventListener("keydown", (event) => {
    const { target } = event;
    const types = target.matches("textarea, select, input:not([type=checkbox]):not([type=radio])");
    if (event.key === "Escape" && types) target.blur();
    if (types || help?.open || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && at >= 0 && target === document.body) rows[at].querySelector("a")?.click();
    const action = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
    if (!action) return;
    event.preventDefault();
    action();
  });

  for (const [place, row] of rows.entries()) {
    row.addEventListener("focusin", () => {
      rows[at]?.classList.remove("here");
      at = place;
      row.classList.add("here");
    });
  }
  for (const box of boxes) box?.addEventListener("change", tell);
  all?.addEventListener("change", () => {
    for (const box of boxes) if (box) box.checked = all.checked;
    tell();
  });
  for (const field of document.querySelectorAll("[data-submit-on-change]")) {
    field.addEventListener("change", () => field.form.requestSubmit());
  }
  keepPlace();
  for (const form of document.querySelectorAll("form[data-once]")) pressOnce(form);
  document.getElementById("open-keys")?.addEventListener("click", () => help?.showModal());
  tell();
});

/** The answer to a second press would come instead of the first one's, which shows a key. Coming back begins anew. */
function pressOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => {
    delete form.dataset.sent;
  });
}

/**
 * A form that is sent only to be shown again (a part added, another kind chosen) comes back where it was: scrolled as
 * before, the focus in the same field, or in the one that the page says.
 */
function keepPlace() {
  const key = "console-place";
  const form = document.querySelector('button[value^="refresh:"]')?.form;
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
  sessionStorage.removeItem(key);
  if (kept && kept.path === location.pathname) {
    scrollTo(0, kept.top);
    const next = document.querySelector("[autofocus]");
    if (next) next.scrollIntoView({ block: "nearest" });
    else document.getElementById(kept.focus)?.focus({ preventScroll: true });
  }
  if (!form) return;
  let keyed = false;
  let changed = false;
  const refresh = () => form.requestSubmit(form.querySelector('button[value^="refresh:"]'));
  form.addEventListener("pointerdown", () => {
    keyed = false;
  });
  form.addEventListener("keydown", () => {
    keyed = true;
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value === "save") return;
    const place = { path: location.pathname, top: scrollY, focus: document.activeElement?.id };
    sessionStorage.setItem(key, JSON.stringify(place));
  });
  for (const field of form.querySelectorAll("[data-refresh]")) {
    // By keyboard every arrow is a change: it counts once the field is left.
    field.addEventListener("change", () => {
      changed = true;
      if (!keyed) refresh();
    });
    field.addEventListener("blur", () => {
      if (changed) setTimeout(refresh);
    });
  }
}
