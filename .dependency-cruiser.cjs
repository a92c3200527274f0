/** Dependencies point one way. Each rule is a sentence; ARCHITECTURE.md says why. */

/** Floors of packages/api, highest first: a noun imports only from floors below it. */
const FLOORS = [
  ["rotations"],
  ["webhooks", "agents", "fleet", "imports"],
  ["tenants"],
  ["flags", "sims", "stackkits", "tools", "identity"],
  ["instances", "billing"],
  ["audit", "jobs", "mail"],
];
const API = "^packages/api/src";
const folder = (nouns) => `${API}/(${nouns.join("|")})/`;

/** A noun may not import from its own floor (other nouns), nor from a floor above. */
const floorRules = FLOORS.map((nouns, index) => ({
  name: `${nouns.join("-")}-import-only-from-floors-below`,
  severity: "error",
  from: { path: `${API}/(${nouns.join("|")})/`, pathNot: "[.]test[.]ts$" },
  to: { path: folder(FLOORS.slice(0, index + 1).flat()), pathNot: `${API}/$1/` },
}));

module.exports = {
  forbidden: [
    {
      name: "no-circular",
      severity: "error",
      comment: "A cycle of types costs nothing at run time; a cycle of code does.",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "everything-imported-is-there",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^(virtual:|[.]{1,2}/build/)" },
    },
    ...floorRules,
    {
      name: "nouns-meet-at-service-or-schemas",
      severity: "error",
      comment: "A procedure never calls a procedure: routers are imported by router.ts alone.",
      from: { path: `${API}/([^/]+)/`, pathNot: "[.]test[.]ts$" },
      to: { path: `${API}/[^/]+/router[.]ts$`, pathNot: `${API}/$1/` },
    },
    {
      name: "routes-never-import-the-database",
      severity: "error",
      from: { path: "^apps/(cloud|admin)/app/" },
      to: { path: "^packages/(db|embedded-postgres)/|node_modules/(postgres|pg|drizzle-orm)/" },
    },
    {
      name: "routes-only-type-import-the-api",
      severity: "error",
      comment: "The page build bundles what it imports: a second copy of the API has a second database pool.",
      from: { path: "^apps/(cloud|admin)/app/", pathNot: "[.]test[.]tsx?$" },
      to: {
        path: "^packages/(api|server)/",
        pathNot: `${API}/(client|schemas|[^/]+/schemas)[.]ts$`,
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "ui-knows-nobody",
      severity: "error",
      from: { path: "^packages/ui/" },
      to: { path: "^(packages/(?!ui/)|apps/|scripts/)" },
    },
    {
      name: "stack-agent-knows-only-contract-server-and-embedded-engines",
      severity: "error",
      comment: "The agent runs on other people's hosts: nothing of the control plane goes there.",
      from: { path: "^apps/stack-agent/" },
      to: {
        path: "^(packages/(?!agent-contract/|flags/|server/|embedded-(postgres|pocketbase)/)|apps/(?!stack-agent/)|scripts/)",
      },
    },
    {
      name: "agent-contract-knows-nobody",
      severity: "error",
      from: { path: "^packages/agent-contract/" },
      to: { path: "^(packages/(?!agent-contract/)|apps/|scripts/)" },
    },
    {
      name: "flags-knows-only-agent-contract",
      severity: "error",
      comment: "The same code evaluates on hosts and in Cloud, so it knows neither.",
      from: { path: "^packages/flags/", pathNot: "[.]test[.]ts$" },
      to: { path: "^(packages/(?!flags/|agent-contract/)|apps/|scripts/)" },
    },
    {
      name: "rules-are-browser-safe",
      severity: "error",
      from: { path: "^packages/flags/src/rules/", pathNot: "[.]test[.]ts$" },
      to: { path: "^packages/flags/src/(?!rules/)|node_modules/@openfeature|node:" },
    },
    {
      name: "packages-never-import-apps",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^(apps|scripts|e2e|bench|infra)/" },
    },
    {
      name: "apps-never-import-each-other",
      severity: "error",
      from: { path: "^apps/([^/]+)/" },
      to: { path: "^apps/", pathNot: "^apps/$1/" },
    },
    {
      name: "db-knows-only-embedded-postgres",
      severity: "error",
      from: { path: "^packages/db/" },
      to: { path: "^packages/(?!db/|embedded-postgres/)" },
    },
    {
      name: "embedded-pocketbase-knows-only-embedded-postgres",
      severity: "error",
      comment: "It shares what keeps a folder to one process.",
      from: { path: "^packages/embedded-pocketbase/" },
      to: { path: "^(packages/(?!embedded-(postgres|pocketbase)/)|apps/|scripts/)" },
    },
    {
      name: "embedded-idp-knows-only-server",
      severity: "error",
      comment: "A stranger to kombify, as the provider of a customer is: what it says reaches us over HTTP alone.",
      from: { path: "^packages/embedded-idp/" },
      to: { path: "^(packages/(?!embedded-idp/|server/)|apps/|scripts/)" },
    },
    {
      name: "only-development-has-an-identity-provider",
      severity: "error",
      from: { path: "^(apps|packages)/", pathNot: "([.]test[.]tsx?$|^packages/embedded-idp/|testing[.]ts$)" },
      to: { path: "^packages/embedded-idp/" },
    },
    {
      name: "infra-knows-tables-and-never-the-database",
      severity: "error",
      comment:
        "The gateway is rendered from what the services say of themselves: their route tables, and the API's package.",
      from: { path: "^infra/", pathNot: "[.]test[.]ts$" },
      to: {
        path: "^(packages/(?!(api|agent-contract)/src/index[.]ts$)|apps/(?!(cloud|admin)/app/routes[.]ts$)|scripts/|e2e/|bench/)",
      },
    },
    {
      name: "only-the-command-line-imports-infra",
      severity: "error",
      from: { path: "^(packages|apps|scripts)/", pathNot: "^apps/cli/" },
      to: { path: "^infra/" },
    },
    {
      name: "only-docker-ts-touches-dockerode",
      severity: "error",
      from: { pathNot: "^apps/stack-agent/src/sims/docker[.]ts$" },
      to: { path: "node_modules/dockerode/" },
    },
    {
      name: "code-never-imports-tests",
      severity: "error",
      from: { pathNot: "([.]test[.]tsx?$|/test/|^e2e/|^bench/)" },
      to: { path: "[.]test[.]tsx?$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(build|[.]turbo|[.]react-router|coverage)/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
