/** Which route Kong takes, by the rules of its router ("traditional_compatible", the default of 3.x), for what our routes use. */
import type { KongFile, Route, Service } from "./entities.ts";

export type Candidate = { route: Route; service: Service | null; path: string; priority: bigint };

const isRegex = (path: string): boolean => path.startsWith("~");

/**
 * Kong's own arithmetic (`kong/router/transform.lua`): how many kinds of condition a route has, whether its hosts are plain, whether
 * its path is a regular expression, that one's priority, the length of a prefix; the more significant bit decides.
 */
function priorityOf(route: Route, path: string): bigint {
  const kinds = [route.hosts, route.paths].filter((values) => values.length > 0).length;
  const isPlainHost = route.hosts.every((host) => !host.includes("*"));
  const regex = isRegex(path) ? (1n << 51n) | (BigInt(route.regex_priority ?? 0) << 19n) : 0n;
  const length = isRegex(path) ? 0n : BigInt(path.length);
  return (BigInt(kinds) << 61n) | (isPlainHost ? 1n << 60n : 0n) | regex | length;
}

/** Every route with each of its paths, the one that wins first. */
export function candidates(file: KongFile): Candidate[] {
  const owned = file.services.flatMap((service) => service.routes.map((route) => ({ route, service })));
  const free = file.routes.map((route) => ({ route, service: null }));
  return [...owned, ...free]
    .flatMap(({ route, service }) =>
      route.paths.map((path) => ({ route, service, path, priority: priorityOf(route, path) })),
    )
    .sort((a, b) => (a.priority === b.priority ? 0 : a.priority > b.priority ? -1 : 1));
}

const matches = (candidate: Candidate, host: string, path: string): boolean =>
  candidate.route.hosts.includes(host) &&
  (isRegex(candidate.path) ? new RegExp(`^${candidate.path.slice(1)}`).test(path) : path.startsWith(candidate.path));

/** Those that match, the winner first. Two of the same priority would be a matter of luck. */
export const matchRoutes = (file: KongFile, host: string, path: string): Candidate[] =>
  candidates(file).filter((candidate) => matches(candidate, host, path));

/** The setting of a plugin that runs for a route without a consumer: the route's, else its service's, else everybody's. */
export function pluginFor<N extends KongFile["plugins"][number]["name"]>(
  file: KongFile,
  { route, service }: Pick<Candidate, "route" | "service">,
  name: N,
): Extract<KongFile["plugins"][number], { name: N }> | undefined {
  const everywhere = file.plugins.filter((one) => one.consumer === undefined);
  const settings = [
    ...(route.plugins ?? []),
    ...everywhere.filter((one) => one.route === route.name),
    ...(service?.plugins ?? []),
    ...everywhere.filter((one) => one.service !== undefined && one.service === service?.name),
    ...everywhere.filter((one) => one.route === undefined && one.service === undefined),
  ];
  return settings.find((one) => one.name === name) as Extract<KongFile["plugins"][number], { name: N }> | undefined;
}
