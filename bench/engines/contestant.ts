import type { Engine } from "@kombify/stack-agent/engine";

/** What an engine takes up. Bytes; `processes` is memory that they share with nobody. */
export type Footprint = { processes: number; disk: number };

/** A place for one engine: each has data of its own. */
export type EngineHost = {
  /** Opens the engine on this host's data; again after it was closed. */
  open(): Promise<Engine>;
  footprint(): Promise<Footprint>;
};

export type Contestant = {
  label: string;
  /** Numbers of tenants to measure at, ascending. */
  sizes: readonly number[];
  /** Makes a host without tenants. @param name a slug. */
  createHost(name: string): Promise<EngineHost>;
};
