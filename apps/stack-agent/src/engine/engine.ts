/**
 * What the rest of the agent may ask of a collection engine. Nothing here speaks SQL: the same interface fits
 * PostgreSQL and PocketBase. Tenants' records are reachable only through {@link Engine.namespace}.
 */
import type { EngineKind } from "@kombify/agent-contract";
import type { ListQuery, Page } from "./list-query.ts";
import type { Collection, JobLogLine, JobRecord, Records } from "./records.ts";
import type { SharedStore } from "./shared-store.ts";
import type { NamespaceTransfer } from "./transfer.ts";

/** Whose records: a tenant of this host. */
export type TenantRef = { id: string; slug: string };

type Conditions<C extends Collection> = Partial<Records[C]>;

/**
 * One step of {@link NamespaceStore.write}. `where` holds further conditions that must be true of the record, with null
 * for "not set". `require` changes nothing: it holds the record as it is until the end of the write.
 */
export type WriteOperation = {
  [C in Collection]:
    | { kind: "create"; collection: C; record: Records[C] }
    | { kind: "update"; collection: C; id: string; changes: Partial<Records[C]>; where?: Conditions<C> }
    | { kind: "remove"; collection: C; id: string; where?: Conditions<C> }
    | { kind: "require"; collection: C; id: string; where?: Conditions<C> }
    | { kind: "updateAll"; collection: C; where: Conditions<C>; changes: Partial<Records[C]> }
    | { kind: "removeAll"; collection: C; where: Conditions<C> };
}[Collection];

/** Of each step: the record as it is now; null for a removed one and for steps that mean many records. */
export type WriteResults<T extends readonly WriteOperation[]> = {
  [I in keyof T]: T[I] extends { kind: "create" | "update" | "require"; collection: infer C extends Collection }
    ? Records[C]
    : null;
};

/** The records of one tenant and of nobody else. */
export interface NamespaceStore {
  readonly tenant: TenantRef;
  get<C extends Collection>(collection: C, id: string): Promise<Records[C] | null>;
  /** The first record for which all fields equal, null meaning "not set"; null when there is none. */
  find<C extends Collection>(collection: C, where: Conditions<C>): Promise<Records[C] | null>;
  /** @throws ServiceError INVALID for a field, value or cursor that the collection does not know. */
  list<C extends Collection>(collection: C, query: ListQuery): Promise<Page<Records[C]>>;
  /** How many records there are for each value of a field. */
  countBy<C extends Collection>(
    collection: C,
    field: keyof Records[C] & string,
    where?: Conditions<C>,
  ): Promise<Record<string, number>>;
  /**
   * Carries out all steps or none.
   * @throws ServiceError NOT_FOUND when a single record is missing or does not fit `where`; CONFLICT, with the field,
   * when a name is taken.
   */
  write<const T extends readonly WriteOperation[]>(operations: T): Promise<WriteResults<T>>;
  /** The oldest job that may run now, now running under `owner`; null when there is none. */
  claimJob(owner: string, leaseMs: number): Promise<JobRecord | null>;
  /**
   * Prolongs the lease and records progress. Null when `owner` no longer holds the job, which then must not go on.
   */
  advanceJob(id: string, owner: string, leaseMs: number, progress?: JobProgress): Promise<JobRecord | null>;
  /** Fails the jobs whose lease ran out and that have no attempt left, and marks their stacks. @returns those jobs. */
  failLostJobs(reason: string): Promise<JobRecord[]>;
}

export type JobProgress = { progress: number; step: string; message: string; line: JobLogLine };

export interface Engine {
  readonly kind: EngineKind;
  /** Version of the server behind it, for reports. */
  readonly version: string;
  /** Version of the collections that it creates and expects. */
  readonly namespaceVersion: number;
  readonly shared: SharedStore;
  /** Rejects when the engine does not answer. */
  check(): Promise<void>;
  /**
   * Creates or completes a namespace. Doing it again, also after a crash in the middle, leaves exactly one.
   * @param like a namespace whose further fields, indexes and rules the new one gets too, so that it can take its place.
   */
  createNamespace(slug: string, like?: string): Promise<void>;
  /**
   * Brings a namespace to this engine's version and mends what was changed by hand: missing collections, fields, indexes,
   * rules. Whole or not at all; records stay. Doing it again changes nothing.
   */
  upgradeNamespace(slug: string): Promise<void>;
  /** Of each namespace that is not as defined, what differs, in words. Namespaces that are as defined are absent. */
  findDrift(): Promise<Map<string, string[]>>;
  /**
   * Gives a namespace, and the tenant that the shared collections know under its slug, another slug.
   * @throws ServiceError CONFLICT when there is a namespace of that slug; NOT_FOUND when there is none to rename.
   */
  renameNamespace(from: string, to: string): Promise<void>;
  /**
   * Puts the namespace `by` in the place of `slug`, in one step, and drops what was there.
   * @throws ServiceError NOT_FOUND when one of them is not there.
   */
  replaceNamespace(slug: string, by: string): Promise<void>;
  /** Removes a namespace and all that shared collections know of its tenant. */
  dropNamespace(slug: string): Promise<void>;
  /** Slugs of the namespaces on this host. */
  listNamespaces(): Promise<string[]>;
  namespace(tenant: TenantRef): NamespaceStore;
  /** Everything that a namespace holds, for carrying it elsewhere. */
  transfer(slug: string): NamespaceTransfer;
  /**
   * A secret for somebody's API calls, valid for `ttlSeconds`. PocketBase's own API takes its tokens too, and shows with
   * them the collections of this one tenant.
   */
  issueToken(tenant: TenantRef, userId: string, ttlSeconds: number): Promise<string>;
  close(): Promise<void>;
}
