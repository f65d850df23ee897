/**
 * Who may import whom (ARCHITECTURE.md). `.ci/imports.mjs` runs these rules and fails when fewer modules were
 * cruised than there are files, since a resolver that silently finds nothing would pass every rule.
 *
 * Type imports count: a type from a forbidden place couples two parts as much as a function does.
 */

/** Composition roots: the files that a command starts. They wire the parts together and may import any of them. */
const mains = "(^|/)(main|[a-z]+-main)[.]ts$|^api/(migrate|demo|instance)[.]ts$|^api/supervise/";

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "Two modules that need each other are one module, or there is a third that both need.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "resolvable",
      comment: "An import that cannot be resolved hides from every other rule.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "domain-is-pure",
      comment: "Facts in, decision out: no database, clock, environment or package, but for the linear-time patterns.",
      severity: "error",
      from: { path: "^api/domain/" },
      to: { pathNot: "^(api/domain/|node_modules/re2js/)" },
    },
    {
      name: "warehouse-knows-nothing-of-ours",
      severity: "error",
      from: { path: "^warehouse/", pathNot: mains },
      to: { path: "^(api|ingest|models|dashboards|notebooks|bench|test)/" },
    },
    {
      name: "event-contracts-need-only-zod",
      severity: "error",
      from: { path: "^ingest/events/" },
      to: { pathNot: "^(ingest/events/|node_modules/zod/)" },
    },
    {
      name: "serving-never-reaches-training",
      comment: "Not even through a third module: a request must never load an optimiser or a data set.",
      severity: "error",
      from: { path: "^models/serving[.]ts$" },
      to: { path: "^models/.*(train|dataset)", reachable: true },
    },
    {
      name: "models-know-no-http",
      severity: "error",
      from: { path: "^models/", pathNot: mains },
      to: { path: "^api/(?!domain/|config[.]ts$|instance[.]ts$)" },
    },
    {
      name: "features-call-exported-verbs",
      comment: "The queries of a feature are its own; another feature calls the verb that uses them.",
      severity: "error",
      from: { path: "^api/([^/]+)/" },
      to: { path: "^api/[^/]+/queries[.]ts$", pathNot: "^api/$1/" },
    },
    {
      name: "nothing-imports-notebooks-benches-or-tests",
      severity: "error",
      from: { path: "^(api|ingest|models|warehouse|dashboards)/" },
      to: { path: "^(notebooks|bench|test)/" },
    },
    {
      name: "no-development-packages-in-the-product",
      severity: "error",
      from: { path: "^(api|ingest|models|warehouse)/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"], pathNot: "node_modules/@types/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(bench|dashboards|notebooks)/node_modules/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".mjs", ".cjs", ".js", ".json"],
    },
  },
};
