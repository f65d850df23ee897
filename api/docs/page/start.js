/** Starts Swagger UI on the product's own document and keeps the reader's choice of light or dark. */
const choice = "tessera-theme";
const button = document.getElementById("theme");
const system = window.matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  const chosen = window.localStorage.getItem(choice);
  return chosen ? chosen === "dark" : system.matches;
}

function paint() {
  const dark = isDark();
  document.documentElement.classList.toggle("dark-mode", dark);
  button.setAttribute("aria-pressed", String(dark));
  button.textContent = dark ? "Light" : "Dark";
}

button.addEventListener("click", () => {
  window.localStorage.setItem(choice, isDark() ? "light" : "dark");
  paint();
});
system.addEventListener("change", paint);
paint();

window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  // Swagger UI would otherwise ask a validator on the internet about this document.
  validatorUrl: null,
});
