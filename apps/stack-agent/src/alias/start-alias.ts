/** Serving old clients on a listener of its own, so that an operator can put it where PocketBase was. See ADR 0015. */
import { createCounter, type Listener, type Logger, listen, type MetricsRegistry } from "@kombify/server";
import type { TenantRef } from "../engine/engine.ts";
import { type Client, createClient, isStatus, type PocketBaseLogin } from "../engine/pocketbase/client.ts";
import { tableOf } from "../engine/pocketbase/namespace-collections.ts";
import { DEFAULT_SLUG } from "../legacy/four.ts";
import { completions } from "../migrate/values.ts";
import { createForward } from "./forward.ts";
import { createAliasShell } from "./routes.ts";
import { createStanding } from "./standing.ts";
import { createUpstream } from "./upstream.ts";
import { countUsage } from "./usage.ts";
import type { Reachable } from "./vocabulary.ts";

const TICK_MS = 1_000;
/** Writes of old clients come in swarms; what they leave out is filled in once for all of them. */
const COMPLETE_AFTER_MS = 200;

export type AliasOptions = {
  home: string;
  host: string;
  port: number;
  login: PocketBaseLogin;
  log: Logger;
  isProduction: boolean;
  /** Where requests are counted, as `kombify_alias_requests_total`. */
  metrics: MetricsRegistry;
  /** Carries out a write of a tenant when the tenant is not paused. */
  duringWrite?: <T>(slug: string, write: () => Promise<T>) => Promise<T>;
  /** An old client has written jobs. */
  onJobs?: (tenant: TenantRef) => void;
};

/** Fills in what old clients do not know, soon after they wrote. @returns what to tell of writes, and how to stop. */
function completeSoon(client: Client, log: Logger, onJobs: () => Promise<void>) {
  const waiting = new Map<Reachable["collection"], Reachable>();
  let timer: NodeJS.Timeout | undefined;
  let work = Promise.resolve();
  const complete = async (): Promise<void> => {
    const written = [...waiting.values()];
    waiting.clear();
    for (const { collection, theirs } of written)
      for (const statement of completions(collection, tableOf(collection, DEFAULT_SLUG), theirs))
        await client.run(statement);
    if (written.some(({ collection }) => collection === "jobs")) await onJobs();
  };
  const run = (): void => {
    timer = undefined;
    work = work
      .then(complete)
      .catch((err: unknown) => log.warn({ err }, "what old clients wrote is not completed yet"));
  };
  return {
    onWrite(about: readonly Reachable[]): void {
      for (const one of about) waiting.set(one.collection, one);
      timer ??= setTimeout(run, COMPLETE_AFTER_MS);
    },
    async stop(): Promise<void> {
      if (timer) {
        clearTimeout(timer);
        run();
      }
      await work;
    },
  };
}

/** @param onStop told what to stop later, in the order in which it was started. */
export async function startAlias(
  options: AliasOptions,
  onStop: (stop: () => Promise<void>) => void,
): Promise<Listener> {
  const { home, host, port, login, log, isProduction, metrics, duringWrite = (_, write) => write(), onJobs } = options;
  const client = createClient(login);
  const upstream = createUpstream(login.url);
  onStop(() => upstream.close());
  const standing = createStanding(home, client);
  const usage = await countUsage(home, log);
  const requests = createCounter(metrics, {
    name: "kombify_alias_requests_total",
    help: "Requests of old clients to the compatibility alias.",
    labels: ["kind"],
  });
  const wake = async (): Promise<void> => {
    const { tenantId } = await standing.open();
    onJobs?.({ id: tenantId, slug: DEFAULT_SLUG });
  };
  const completing = completeSoon(client, log, wake);
  onStop(() => completing.stop());
  const exists = (of: { id: string }, id: string): Promise<boolean> =>
    client.pb
      .collection(of.id)
      .getOne(id, { fields: "id" })
      .then(
        () => true,
        (error: unknown) => {
          if (isStatus(error, 404)) return false;
          throw error;
        },
      );
  const { app } = createAliasShell({
    log,
    isProduction,
    standing,
    forward: createForward(upstream, exists),
    usage,
    count: (kind) => requests({ kind }),
    duringWrite,
    onWrite: completing.onWrite,
    check: async () => {
      if (!(await standing.isOn())) return "switched off";
      await standing.open();
      return "on";
    },
  });
  const listener = await listen({ fetch: app.fetch, host, port });
  onStop(() => listener.close());

  let wasOn = await standing.isOn();
  const tick = setInterval(() => {
    const look = async (): Promise<void> => {
      const isOn = await standing.isOn();
      if (isOn !== wasOn) usage.tell(isOn ? "switched on" : "switched off");
      wasOn = isOn;
      await usage.tick();
    };
    look().catch((err: unknown) => log.warn({ err }, "the switch of the alias cannot be read"));
  }, TICK_MS);
  onStop(async () => {
    clearInterval(tick);
    await usage.tick();
  });
  log.info({ url: listener.url, isOn: wasOn }, "alias for old clients");
  return listener;
}
