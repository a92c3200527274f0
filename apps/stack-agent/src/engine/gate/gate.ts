/**
 * What stands between the agent and its engines. Per tenant, writes can be paused while reads go on, and a namespace can
 * be routed to another engine; the agent itself sees one engine that is always there. See ADR 0012.
 */
import { ServiceError } from "@kombify/agent-contract";
import type { Engine } from "../engine.ts";
import { gatedNamespace, gatedShared, gatedTransfer, type Through } from "./gated-stores.ts";
import { type Resume, Valve } from "./valve.ts";

/** People wait this long for a pause to end; most end within a second. */
const MAX_WAIT_MS = 10_000;

export type Gate = {
  /** What everything in the agent works with. */
  readonly engine: Engine;
  /** The engine of the shared collections and of every namespace that is not routed elsewhere. */
  home(): Engine;
  /** Every engine that has something of this host. */
  engines(): Engine[];
  /** The engine that has this namespace. */
  behind(slug: string): Engine;
  /** A write that goes to the engine by another way, as one of the tenant's: it waits for pauses, and pauses for it. */
  duringWrite<T>(slug: string, write: () => Promise<T>): Promise<T>;
  /** Resolves when no write of this tenant is under way; none begins until the end of the pause. */
  pause(slug: string, why: string): Promise<Resume>;
  /** The same for every tenant and for the shared collections. */
  pauseAll(why: string): Promise<Resume>;
  /** From now on this namespace is on that engine. Call it while the tenant is paused. */
  route(slug: string, engine: Engine): void;
  /** From now on everything is on that engine. Call it while all are paused. */
  settle(engine: Engine): void;
  /** While a host moves, addresses cannot change: the list of what has moved knows tenants by them. */
  setMoving(isMoving: boolean): void;
  /** Keeps a namespace that is being made out of lists. */
  hide(slug: string): void;
  show(slug: string): void;
  /** Resolves when no call to this engine is under way. */
  idle(engine: Engine): Promise<void>;
};

export function createGate(initial: Engine, { maxWaitMs = MAX_WAIT_MS } = {}): Gate {
  let home = initial;
  let isMoving = false;
  const routes = new Map<string, Engine>();
  const hidden = new Set<string>();
  const all = new Valve(maxWaitMs);
  const valves = new Map<string, Valve>();
  /** Calls under way, by engine. A pause of these waits for them and holds nobody up for long. */
  const calls = new Map<Engine, Valve>();

  const behind = (slug: string): Engine => routes.get(slug) ?? home;
  const valveOf = <K>(map: Map<K, Valve>, key: K): Valve => {
    const valve = map.get(key) ?? new Valve(maxWaitMs);
    map.set(key, valve);
    return valve;
  };
  const use = <T>(engine: Engine, work: (engine: Engine) => Promise<T>): Promise<T> =>
    valveOf(calls, engine).run(() => work(engine));
  const readHome: Through = (work) => use(home, work);
  const writeHome: Through = (work) => all.run(() => use(home, work));
  const readOf =
    (slug: string): Through =>
    (work) =>
      use(behind(slug), work);
  // The tenant's own pause first: whoever waits there must not keep a pause of all from beginning.
  const inTurn = <T>(slug: string, work: () => Promise<T>): Promise<T> =>
    valveOf(valves, slug).run(() => all.run(work));
  const writeOf =
    (slug: string): Through =>
    (work) =>
      inTurn(slug, () => use(behind(slug), work));
  const engines = (): Set<Engine> => new Set([home, ...routes.values()]);

  const engine: Engine = {
    get kind() {
      return home.kind;
    },
    get version() {
      return home.version;
    },
    get namespaceVersion() {
      return home.namespaceVersion;
    },
    shared: gatedShared(() => home, readHome, writeHome),
    check: async () => {
      await Promise.all([...engines()].map((each) => each.check()));
    },
    createNamespace: (slug, like) => writeOf(slug)((each) => each.createNamespace(slug, like)),
    sealNamespace: (slug) => writeOf(slug)((each) => each.sealNamespace(slug)),
    upgradeNamespace: (slug) => writeOf(slug)((each) => each.upgradeNamespace(slug)),
    async findDrift() {
      const found = await Promise.all([...engines()].map(async (each) => [each, await each.findDrift()] as const));
      const own = found.flatMap(([each, drift]) => [...drift].filter(([slug]) => behind(slug) === each));
      return new Map(own.filter(([slug]) => !hidden.has(slug)));
    },
    renameNamespace: async (from, to) => {
      if (isMoving)
        throw new ServiceError("PRECONDITION", "This host is moving to another engine. Change addresses afterwards.");
      await inTurn(from, () => use(home, (each) => each.renameNamespace(from, to)));
    },
    replaceNamespace: (slug, by) => writeOf(slug)((each) => each.replaceNamespace(slug, by)),
    dropNamespace: (slug) =>
      inTurn(slug, async () => {
        // The shared collections know the tenant at home and forget it last: a crash in between is made good by the
        // tombstone, which is carried out for as long as the tenant is known.
        if (behind(slug) !== home) await use(behind(slug), (each) => each.dropNamespace(slug));
        await use(home, (each) => each.dropNamespace(slug));
      }),
    async listNamespaces() {
      const lists = await Promise.all([...engines()].map(async (each) => [each, await each.listNamespaces()] as const));
      const own = lists.flatMap(([each, slugs]) => slugs.filter((slug) => behind(slug) === each));
      return own.filter((slug) => !hidden.has(slug));
    },
    namespace: (tenant) => gatedNamespace(tenant, readOf(tenant.slug), writeOf(tenant.slug)),
    transfer: (slug) => gatedTransfer(slug, () => behind(slug), readOf(slug), writeOf(slug)),
    issueToken: (tenant, ...args) => readOf(tenant.slug)((each) => each.issueToken(tenant, ...args)),
    close: async () => {
      await Promise.all([...engines()].map((each) => each.close()));
    },
  };
  return {
    engine,
    home: () => home,
    engines: () => [...engines()],
    behind,
    duringWrite: inTurn,
    pause: (slug, why) => valveOf(valves, slug).pause(why),
    pauseAll: (why) => all.pause(why),
    route: (slug, to) => void routes.set(slug, to),
    settle: (to) => {
      home = to;
      routes.clear();
    },
    setMoving: (moving) => {
      isMoving = moving;
    },
    hide: (slug) => void hidden.add(slug),
    show: (slug) => void hidden.delete(slug),
    idle: async (each) => {
      const resume = await valveOf(calls, each).pause("");
      calls.delete(each);
      resume();
    },
  };
}
