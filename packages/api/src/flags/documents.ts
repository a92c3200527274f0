/**
 * What a tenant's flags are, as one immutable document per revision. Made when it is first needed, written down, and the
 * same for everybody since: for the tenant's host, and for Cloud, which evaluates the same document with the same code.
 * What is known is answered from memory until a change is heard of; while changes are not heard, the database is asked each time.
 */
import { type FlagDocument, type HostFlags, ServiceError } from "@kombify/agent-contract";
import type { Change, Database, InstanceId, TenantId } from "@kombify/db";
import { COMPILER_VERSION, createFlagSetCache, type FlagSet, hostFlagsEtag } from "@kombify/flags";
import type { Logger } from "@kombify/server";
import { sql } from "drizzle-orm";
import type { Changes } from "../context.ts";
import { withJson } from "../ready-json.ts";
import { createDocumentLoader, type LoadedTenant, type Wanted } from "./load-documents.ts";
import type { Content } from "./store-documents.ts";

/** A document, ready to evaluate. */
export interface TenantFlags {
  document: FlagDocument;
  flagSet: FlagSet;
}

/** Whose documents are other ones now; `*`: anybody's may be. */
export type ReadyListener = (tenants: readonly TenantId[] | "*") => void;

export interface FlagDocuments {
  /** @throws ServiceError NOT_FOUND */
  of(tenantId: TenantId): Promise<TenantFlags>;
  /** Everything for a host, or null while `etag` names it. */
  hostFlags(instanceId: InstanceId, etag?: string): Promise<HostFlags | null>;
  /** Calls back when newer documents can be had from this process. @returns how to stop that. */
  onReady(listener: ReadyListener): () => void;
}

interface Tenant extends LoadedTenant {
  isStale: boolean;
  ready?: TenantFlags;
}

/** With its JSON, once somebody was sent it. */
type KnownContent = Content & { json?: string };

interface Host {
  tenants: Set<TenantId>;
  isStale: boolean;
  askedAt: number;
  bundle: HostFlags | undefined;
}

/** A host that has not asked for so long, milliseconds, is none of this process: agents pull every 60 s. */
const HOST_KEPT_MS = 300_000;
/** Before news that could not be read are read again, milliseconds. */
const RETRY_MS = 1_000;
/** Contents kept before those are dropped that no document has any more. */
const MAX_CONTENTS = 200;

/** Raises the revision of every document when this process compiles them differently than those before it. */
async function raiseCompilerVersion(db: Database): Promise<void> {
  await db.as({ kind: "system" }).transaction((tx) =>
    tx.execute(sql`
      update flag_settings set compiler_version = ${COMPILER_VERSION}, revision = revision + 1, changed_at = clock_timestamp()
      where compiler_version < ${COMPILER_VERSION}`),
  );
}

interface Batch {
  tenants: Set<TenantId>;
  instances: Set<InstanceId>;
  done: Promise<void>;
}

export async function openFlagDocuments(options: {
  db: Database;
  changes: Pick<Changes, "isListening" | "on" | "onMissed">;
  log: Logger;
}): Promise<FlagDocuments & { stop(): void }> {
  const { db, changes, log } = options;
  const contents = new Map<string, KnownContent>();
  const flagSets = createFlagSetCache(MAX_CONTENTS);
  const load = createDocumentLoader(db, contents);
  const tenants = new Map<TenantId, Tenant>();
  const hosts = new Map<InstanceId, Host>();
  const listeners = new Set<ReadyListener>();
  const tell: ReadyListener = (what) => {
    for (const listener of listeners) listener(what);
  };

  /** Tenants of which something was heard that is not read yet. */
  let news = new Set<TenantId>();
  /** Changes that were heard while something was being read, which may not have it. */
  let isReading = false;
  let heard: { all: boolean; tenants: Set<TenantId> } = { all: false, tenants: new Set() };

  const forgetBundle = (instanceId: InstanceId | null | undefined) => {
    const host = instanceId ? hosts.get(instanceId) : undefined;
    if (host) host.bundle = undefined;
  };
  const leave = (tenant: Tenant | undefined) => {
    if (tenant?.instanceId) hosts.get(tenant.instanceId)?.tenants.delete(tenant.tenantId);
    forgetBundle(tenant?.instanceId);
  };
  const take = (loaded: LoadedTenant) => {
    const before = tenants.get(loaded.tenantId);
    const isSame =
      before?.envelope.digest === loaded.envelope.digest && before.envelope.revision === loaded.envelope.revision;
    if (!isSame || before.instanceId !== loaded.instanceId || before.isServed !== loaded.isServed) leave(before);
    tenants.set(loaded.tenantId, {
      ...loaded,
      isStale: false,
      ...(isSame && before.ready ? { ready: before.ready } : {}),
    });
    const host = loaded.instanceId ? hosts.get(loaded.instanceId) : undefined;
    if (!host || !loaded.isServed || host.tenants.has(loaded.tenantId)) return;
    host.tenants.add(loaded.tenantId);
    host.bundle = undefined;
  };
  const markStale = ({ all, tenants: some }: { all: boolean; tenants: Iterable<TenantId> }) => {
    if (all) {
      for (const [id, tenant] of tenants) {
        // Nobody has asked for it since the change before.
        if (tenant.isStale && hosts.size === 0) tenants.delete(id);
        tenant.isStale = true;
      }
      for (const host of hosts.values()) host.isStale = true;
    }
    for (const id of some) {
      const tenant = tenants.get(id);
      if (tenant) tenant.isStale = true;
    }
  };
  const dropContents = () => {
    if (contents.size <= MAX_CONTENTS) return;
    const used = new Set([...tenants.values()].map(({ envelope }) => envelope.flagsDigest));
    for (const digest of contents.keys()) if (!used.has(digest)) contents.delete(digest);
  };

  /** One reading at a time: each sees what the one before saw, and more. */
  async function read(wanted: Wanted): Promise<void> {
    heard = { all: false, tenants: new Set() };
    isReading = true;
    try {
      const loaded = await load(wanted);
      const found = new Set(loaded.map(({ tenantId }) => tenantId));
      for (const id of wanted.tenants)
        if (!found.has(id)) {
          leave(tenants.get(id));
          tenants.delete(id);
        }
      for (const id of wanted.instances) {
        const host = hosts.get(id);
        if (!host) continue;
        for (const left of host.tenants)
          if (!found.has(left)) {
            host.tenants.delete(left);
            host.bundle = undefined;
            const tenant = tenants.get(left);
            if (tenant) tenant.isStale = true;
          }
        host.isStale = false;
      }
      for (const tenant of loaded) take(tenant);
      dropContents();
    } finally {
      isReading = false;
      markStale(heard);
    }
  }

  let running: Promise<unknown> = Promise.resolve();
  let next: Batch | undefined;
  /** Reads, with everything else that is wanted until its turn comes. What is heard before the call is in it. */
  function request(wanted: Partial<Wanted>): Promise<void> {
    if (!next) {
      const batch: Batch = { tenants: new Set(), instances: new Set(), done: Promise.resolve() };
      next = batch;
      batch.done = running.then(async () => {
        next = undefined;
        const told = news;
        news = new Set();
        try {
          await read({ tenants: [...new Set([...batch.tenants, ...told])], instances: [...batch.instances] });
        } catch (error) {
          news = new Set([...told, ...news]);
          throw error;
        }
      });
      running = batch.done.catch(() => undefined);
    }
    for (const id of wanted.tenants ?? []) next.tenants.add(id);
    for (const id of wanted.instances ?? []) next.instances.add(id);
    return next.done;
  }

  /** What is to be told once it is read. */
  let untold: { all: boolean; tenants: Set<TenantId> } = { all: false, tenants: new Set() };
  let isStopped = false;
  let isPreparing = false;
  const liveHosts = (): InstanceId[] => {
    for (const [id, { askedAt }] of hosts) if (askedAt < performance.now() - HOST_KEPT_MS) hosts.delete(id);
    return [...hosts.keys()];
  };
  /** Makes the documents that hosts of this process will ask for, before they do. */
  async function prepare(): Promise<void> {
    if (isPreparing) return;
    isPreparing = true;
    // Changes often come together: they are read together.
    await Promise.resolve();
    while (!isStopped && (untold.all || untold.tenants.size > 0)) {
      const { all, tenants: some } = untold;
      untold = { all: false, tenants: new Set() };
      try {
        const instances = all ? liveHosts() : [];
        if (hosts.size > 0) await request({ instances, tenants: [...some] });
        tell(all ? "*" : [...some]);
      } catch (err) {
        if (isStopped) break;
        untold = { all: all || untold.all, tenants: new Set([...some, ...untold.tenants]) };
        log.warn({ err }, "flags could not be prepared for hosts; trying again");
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
    isPreparing = false;
  }
  function hear(what: { all: boolean; tenants: readonly TenantId[] }): void {
    markStale(what);
    if (isReading) {
      heard.all ||= what.all;
      for (const id of what.tenants) heard.tenants.add(id);
    }
    untold.all ||= what.all;
    for (const id of what.tenants) {
      untold.tenants.add(id);
      // Where it is now is not known before it is read, and any host may have got it.
      if (hosts.size > 0) news.add(id);
    }
    void prepare();
  }

  const stopHearing = changes.on((change: Change) => {
    if (change.noun !== "flag-documents") return;
    hear(change.id === "*" ? { all: true, tenants: [] } : { all: false, tenants: [change.id] });
  });
  changes.onMissed(() => hear({ all: true, tenants: [] }));
  await raiseCompilerVersion(db);

  const contentOf = (digest: string) => {
    const content = contents.get(digest);
    if (!content) throw new Error(`The flags ${digest} are missing.`);
    return content;
  };
  const bundleOf = (host: Host): HostFlags => {
    const documents = [...host.tenants].sort().flatMap((id) => tenants.get(id)?.envelope ?? []);
    const digests = [...new Set(documents.map(({ flagsDigest }) => flagsDigest))].sort();
    const known = digests.map(contentOf);
    const bundle: HostFlags = {
      schemaVersion: 1,
      etag: hostFlagsEtag(documents),
      documents,
      contents: Object.fromEntries(known.map(({ digest, flags }) => [digest, flags])),
    };
    return withJson(bundle, () => {
      const texts = known.map((content) => {
        content.json ??= JSON.stringify(content.flags);
        return `${JSON.stringify(content.digest)}:${content.json}`;
      });
      const { contents: _, ...rest } = bundle;
      return `${JSON.stringify(rest).slice(0, -1)},"contents":{${texts.join()}}}`;
    });
  };

  return {
    async of(tenantId) {
      const known = tenants.get(tenantId);
      if (!known || known.isStale || !changes.isListening()) await request({ tenants: [tenantId] });
      const tenant = tenants.get(tenantId);
      if (!tenant) throw new ServiceError("NOT_FOUND", "There is no such homelab.");
      const content = contentOf(tenant.envelope.flagsDigest);
      tenant.ready ??= {
        document: { ...tenant.envelope, flags: content.flags },
        flagSet: flagSets.of(content.digest, () => content.flags),
      };
      return tenant.ready;
    },
    async hostFlags(instanceId, etag) {
      let host = hosts.get(instanceId);
      if (!host) {
        host = { tenants: new Set(), isStale: true, askedAt: 0, bundle: undefined };
        hosts.set(instanceId, host);
      }
      host.askedAt = performance.now();
      // What is being read may be news.
      if (isReading) await running;
      const isCurrent = !host.isStale && changes.isListening();
      if (!isCurrent || news.size > 0) await request({ instances: isCurrent ? [] : [instanceId] });
      host.bundle ??= bundleOf(host);
      return host.bundle.etag === etag ? null : host.bundle;
    },
    onReady(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop() {
      isStopped = true;
      stopHearing();
    },
  };
}
