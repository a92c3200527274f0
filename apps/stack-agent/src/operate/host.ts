/** A home with its engines open, as the operator's verbs need it: inside a running agent, or in a command of its own. */
import { type EngineKind, ServiceError } from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import type { TenantRef } from "../engine/engine.ts";
import type { Gate } from "../engine/gate/gate.ts";
import { type HomeEngines, type OpenEngine, openHomeEngines } from "../engine/home-engines.ts";
import { openStaging, type Staging } from "./archive/staging.ts";

export type Host = {
  home: string;
  instanceId: string;
  gate: Gate;
  engines: HomeEngines;
  staging: Staging;
  log: Logger;
  /** Aborted when the process stops; what is under way then ends at its next safe point. */
  stopping: AbortSignal;
  /**
   * Carries out what must not run beside its like.
   * @param what in words: "an import".
   * @throws ServiceError CONFLICT while something else is under way.
   */
  alone<T>(what: string, work: () => Promise<T>): Promise<T>;
  /** Waits, when the process stops, until this has ended. */
  track<T>(work: Promise<T>): Promise<T>;
  /** A tenant's records are others than before. */
  onRestored: (tenant: TenantRef) => void;
};

type HostOptions = {
  home: string;
  instanceId: string;
  /** The engine of a home that has never been opened. */
  joinedWith: EngineKind;
  /** The engine that the operator asked for, if any. */
  asked: EngineKind | undefined;
  open: OpenEngine;
  log: Logger;
};

/** @param onStop told what to stop later, in the order in which it was started. */
export async function openHost(
  { instanceId, ...options }: HostOptions,
  onStop: (stop: () => Promise<void>) => void,
): Promise<Host> {
  const { home, log } = options;
  const engines = await openHomeEngines(options, onStop);
  const staging = await openStaging(home, engines.gate, log);
  await staging.sweep();
  const stopping = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  let current: string | null = null;
  onStop(async () => {
    stopping.abort(new ServiceError("PRECONDITION", "The agent is stopping. Start it and give the command again."));
    await Promise.allSettled(underWay);
  });
  return {
    home,
    instanceId,
    engines,
    gate: engines.gate,
    staging,
    log,
    stopping: stopping.signal,
    onRestored: () => undefined,
    async alone(what, work) {
      if (current)
        throw new ServiceError("CONFLICT", `There is ${current} under way on this host. Wait until it has ended.`);
      current = what;
      try {
        return await work();
      } finally {
        current = null;
      }
    },
    track(work) {
      underWay.add(work);
      const forget = () => underWay.delete(work);
      work.then(forget, forget);
      return work;
    },
  };
}
