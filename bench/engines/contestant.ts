import type { Engine } from "@kombify/stack-agent/engine";

/** A place for one engine, with data of its own. */
export type EngineHost = {
  /** Opens the engine on this host's data; again after it was closed. */
  open(): Promise<Engine>;
  /** Processes that work for the open engine, other than our own. */
  processes(): Promise<number[]>;
  /** What its data take up on disk, in bytes. */
  diskUsage(): Promise<number>;
};

export type Contestant = {
  label: string;
  /** Numbers of tenants to measure at, ascending. */
  sizes: readonly number[];
  /** Makes a host without tenants. @param name lower-case letters, another one for each host. */
  createHost(name: string): Promise<EngineHost>;
};
