/** Light, dark, or as the device is. Evidence's charts read the same entry of the browser's storage when they are made. */
import { derived, readable, writable } from "svelte/store";

const entry = "evidence-theme";
const inBrowser = typeof window !== "undefined";

export const chosen = writable(inBrowser ? (localStorage.getItem(entry) ?? "system") : "system");

const device = readable("light", (set) => {
  if (!inBrowser) return;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const tell = () => set(dark.matches ? "dark" : "light");
  tell();
  dark.addEventListener("change", tell);
  return () => dark.removeEventListener("change", tell);
});

/** What is shown: "light" or "dark". */
export const shown = derived([chosen, device], ([$chosen, $device]) => ($chosen === "system" ? $device : $chosen));

if (inBrowser) {
  chosen.subscribe(($chosen) => localStorage.setItem(entry, $chosen));
  shown.subscribe(($shown) => document.documentElement.setAttribute("data-theme", $shown));
}
