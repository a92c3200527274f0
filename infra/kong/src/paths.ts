/** Every path that the gateway lets through, from the tables that the services answer from. A path that is not here is a 404. */
import { REST_ROUTES, STACK_PATH } from "@kombify/api";

export type Audience = "cloud" | "admin";

/** A path of a portal as a route needs it. */
export type GatewayPath = {
  /** `api-tenant-slug`: unique within its portal. */
  name: string;
  /** A prefix, or with `~` a regular expression that Kong anchors at the beginning. */
  path: string;
  /** Among matching regular expressions the greatest wins. */
  priority?: number;
  /** Attempts a minute and address, where they are to be few. */
  attemptsPerMinute?: number;
  /** MiB of a request's body, where they are not 1. */
  bodyMebibytes?: number;
  /** Sends as it comes: server-sent events must not wait for a full buffer. */
  isStream?: boolean;
  /** The same answer for everybody, for minutes. */
  isPublicDocument?: boolean;
};

const escaped = (text: string): string => text.replace(/[.+*?^$()[\]{}|\\]/g, "\\$&");

/** `/api/tenant/{slug}` as a regular expression. Kong's router has Rust's, which look neither ahead nor behind. */
function templatePath(template: string): { path: string; priority: number } {
  const parts = template.split(/\{\w+\}/);
  const literals = template.split("/").filter((segment) => segment !== "" && !segment.startsWith("{")).length;
  return { path: `~${parts.map(escaped).join("[^/]+")}/?$`, priority: 10 + literals };
}

const nameOf = (path: string): string => path.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "");

/** Attempts that are counted by address, above what the services themselves allow, so that their answer comes first. */
const ATTEMPTS_PER_MINUTE: readonly (readonly [RegExp, number])[] = [
  // A household or an office signs up from one address.
  [/^\/api\/auth\/register/, 600],
  [/^\/api\/auth\/(?!logout|oidc)/, 60],
  [/^\/api\/webhooks\//, 600],
];
/** MiB, where they are not 1: documents of flags and StackKits are larger. */
const BODY_MEBIBYTES: readonly (readonly [RegExp, number])[] = [
  [/^\/(api\/admin\/flags|flags\/import)\b/, 4],
  [/^\/(v1|api\/admin)\/stackkits\b/, 64],
];
const find = (table: readonly (readonly [RegExp, number])[], path: string): number | undefined =>
  table.find(([pattern]) => pattern.test(path))?.[1];

function withLimits(path: GatewayPath, template: string): GatewayPath {
  const attemptsPerMinute = find(ATTEMPTS_PER_MINUTE, template);
  const bodyMebibytes = find(BODY_MEBIBYTES, template);
  return {
    ...path,
    ...(attemptsPerMinute === undefined ? {} : { attemptsPerMinute }),
    ...(bodyMebibytes === undefined ? {} : { bodyMebibytes }),
  };
}

/** A table of routes as this module reads it; the real one is `REST_ROUTES`. */
export type RouteTable = readonly { path: string; audiences: readonly string[] }[];

/** The paths of the procedures that a portal serves. Those of agents have a listener of their own and never pass here. */
export function restPaths(audience: Audience, routes: RouteTable = REST_ROUTES): GatewayPath[] {
  const templates = routes.filter((route) => route.audiences.includes(audience)).map((route) => route.path);
  return [...new Set(templates)]
    .filter((template) => !isStackKits(template))
    .map((template) => withLimits({ name: nameOf(template), ...templatePath(template) }, template));
}

/** StackKits are a service of their own to the gateway, whoever answers for them. */
const isStackKits = (path: string): boolean => /^\/v1\/stackkits(\/|$)/.test(path);
export const stackKitPaths = (): GatewayPath[] => [
  withLimits({ name: "v1-stackkits", path: "~/v1/stackkits(/.*)?$", priority: 5 }, "/v1/stackkits"),
];

/** What answers besides the procedures: the typed router, the document, and flows that begin and end in a browser. */
export function otherPaths(audience: Audience): GatewayPath[] {
  const both: GatewayPath[] = [
    { name: "trpc", path: "/trpc/", isStream: true },
    { name: "openapi", path: "~/openapi\\.json$", priority: 10, isPublicDocument: true },
  ];
  if (audience === "admin") return both;
  return [
    ...both,
    {
      name: "stacks",
      path: `~${STACK_PATH.source.replace(/^\^/, "").replaceAll("\\/", "/")}`,
      priority: 10,
      isStream: true,
    },
    { name: "portal-health", path: "~/v1/portal/health$", priority: 10 },
    { name: "oidc", path: "/api/auth/oidc/" },
    withLimits({ name: "webhooks", path: "/api/webhooks/" }, "/api/webhooks/"),
  ];
}

/** A page's route as Remix is told of it. */
export type PageRoute = { path?: string | undefined; index?: boolean | undefined; children?: PageRoute[] | undefined };

/** Pages on which people prove who they are. */
const SIGN_IN_PAGES: ReadonlySet<string> = new Set(["login", "signup", "forgot", "reset", "second-factor"]);

function pagesOf(routes: readonly PageRoute[], parent: string): string[] {
  return routes.flatMap(({ path, children = [] }) => {
    const full = [parent, path].filter(Boolean).join("/");
    return [...(path === "*" ? [] : [full]), ...pagesOf(children, full)];
  });
}

/**
 * The pages of a portal, each with the data that it is made of (`/homelab.data`), and the built files. The page for what is
 * not found is not among them: what is not known does not reach the portals at all.
 */
export function pagePaths(routes: readonly PageRoute[]): GatewayPath[] {
  const pages = [...new Set(pagesOf(routes, ""))].map((page): GatewayPath => {
    if (page === "") return { name: "page-start", path: "~/(_root\\.data)?$", priority: 10 };
    const segments = page.split("/").map((one) => (one.startsWith(":") ? "[^/]+?" : escaped(one)));
    const literals = page.split("/").filter((one) => !one.startsWith(":")).length;
    const path = {
      name: `page-${nameOf(page)}`,
      path: `~/${segments.join("/")}(\\.data|/)?$`,
      priority: 10 + literals,
      ...(SIGN_IN_PAGES.has(page.split("/")[0] ?? "") ? { attemptsPerMinute: 600 } : {}),
    };
    return withLimits(path, `/${page}`);
  });
  return [...pages, { name: "assets", path: "/assets/" }, { name: "favicon", path: "~/favicon\\.svg$", priority: 10 }];
}

/** Paths that belong to our own processes. On the portals they are no routes; on a Stack, whose clients are many, they end here. */
export const INTERNAL_PATHS = ["~/api/(internal|agent)(/.*)?$", "~/metrics/?$", "~/ready/?$"];
