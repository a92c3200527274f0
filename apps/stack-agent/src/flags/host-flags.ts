/**
 * The flags of this host: what is served, and the one way in which anything newer gets there. It is checked, stored, served
 * and only then acknowledged, in this order; whatever is not taken leaves everything as it was. See ADR 0031.
 */
import {
  type AppliedFlags,
  type DesiredState,
  type OlderFlags,
  ServiceError,
  type TenantReport,
} from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import type { SharedStore, StoredTenantFlags } from "../engine/shared-store.ts";
import { createTurns } from "../reconcile/turns.ts";
import { readBundle } from "./bundle.ts";
import { type Contents, FlagsRefused, type RefusalReason, readContents, readEnvelope } from "./checks.ts";
import { assertNewer, isSame, type Offer } from "./decide.ts";
import type { FreshnessWatch } from "./freshness.ts";
import { loadFlags, type TenantFlags } from "./load-flags.ts";
import { mergeOlder, NO_OLDER } from "./older.ts";

export type HostFlags = {
  of(tenantId: string): TenantFlags | undefined;
  /** Of the last bundle that was taken whole; undefined when the next one must be sent again. */
  etag(): string | undefined;
  /**
   * Takes what a pull brought, tenant by tenant: what is refused of one holds nobody else up, and is in the report.
   * @throws FlagsRefused for a bundle of which nothing can be taken; whatever the engine throws, with nothing taken.
   */
  takeBundle(answer: unknown): Promise<void>;
  /** @throws FlagsRefused and ServiceError for a document that is not taken. */
  takeDocument(body: unknown): Promise<AppliedFlags>;
  takeOlder(tenantId: string, body: OlderFlags): Promise<AppliedFlags>;
  /** Follows a document of the control plane: flags of removed tenants go, and those of new ones are asked for again. */
  follow(document: DesiredState): Promise<void>;
  /** What the report says of a tenant's flags; undefined while there is nothing to say. */
  reportOf(tenantId: string): TenantReport["flags"];
  /** For metrics and readiness. */
  summary(): { tenants: number; revisions: number[]; refused: number; error: string | null };
};

type HostFlagsOptions = {
  shared: SharedStore;
  document: () => DesiredState | null;
  freshness: FreshnessWatch;
  log: Logger;
  /** A tenant's flags are others than before, or no longer the last ones. */
  onChange: (tenantId: string) => void;
  onRefused: (reason: RefusalReason) => void;
};

const NO_FLAGS: TenantFlags = { current: null, previous: null, older: NO_OLDER, refusal: null };
const MAX_MESSAGE = 1_000;

const rowOf = (tenantId: string, { current, previous, older }: TenantFlags): StoredTenantFlags => ({
  tenantId,
  current: current && JSON.stringify(current.envelope),
  previous: previous && JSON.stringify(previous),
  older: older.text,
});

const appliedOf = ({ current, older }: TenantFlags): AppliedFlags =>
  current
    ? { revision: current.envelope.revision, digest: current.envelope.digest, applied: true }
    : { revision: 0, digest: older.digest, applied: true };

export async function openHostFlags(options: HostFlagsOptions): Promise<HostFlags> {
  const { shared, document, freshness, log, onChange, onRefused } = options;
  const takeTurn = createTurns();
  const loaded = await loadFlags(shared, log);
  const { tenants, stored } = loaded;
  let loadError = loaded.error;
  /** Tenants whose flags came before them. */
  const awaited = new Set<string>();
  let etag: string | undefined;

  const ours = (): Set<string> => new Set(document()?.tenants.map(({ tenantId }) => tenantId));
  const known = (tenantId: string): TenantFlags => tenants.get(tenantId) ?? NO_FLAGS;
  /** What is in use, by digest: whatever is there is checked. */
  const served = (): Map<string, Contents> =>
    new Map(
      [...tenants.values()].flatMap(({ current }) =>
        current ? [[current.envelope.flagsDigest, current.contents] as const] : [],
      ),
    );

  /** Stores, and then serves. */
  const keep = async (changes: Map<string, TenantFlags>): Promise<void> => {
    if (changes.size === 0) return;
    const contents = new Map<string, string>();
    const inUse = served();
    for (const { current } of changes.values())
      if (current && !inUse.has(current.envelope.flagsDigest))
        contents.set(current.envelope.flagsDigest, JSON.stringify(current.contents.flags));
    const after = new Map([...tenants, ...changes]);
    const used = new Set<string>();
    for (const { current, previous } of after.values()) {
      if (current) used.add(current.envelope.flagsDigest);
      if (previous) used.add(previous.flagsDigest);
    }
    const unused = [...stored].filter((digest) => !used.has(digest));
    const rows = [...changes].map(([tenantId, flags]) => rowOf(tenantId, flags));
    await shared.saveFlags({ contents, tenants: rows, unused });
    for (const digest of contents.keys()) stored.add(digest);
    for (const digest of unused) stored.delete(digest);
    loadError = null;
    for (const [tenantId, flags] of changes) {
      tenants.set(tenantId, flags);
      log.info({ tenantId, ...appliedOf(flags) }, "flags applied");
      onChange(tenantId);
    }
  };
  const taken = (tenantId: string, offer: Offer): TenantFlags => {
    const { current, previous, older } = known(tenantId);
    return { current: offer, previous: current?.envelope ?? previous, older, refusal: null };
  };

  const refuse = (tenantId: string | null, error: FlagsRefused): void => {
    onRefused(error.reason);
    const before = tenantId === null ? undefined : known(tenantId);
    if (tenantId === null || !before || !ours().has(tenantId)) {
      log.warn({ tenantId, reason: error.message }, "flags were refused");
      return;
    }
    if (before.refusal?.message === error.message) return;
    log.warn({ tenantId, reason: error.message }, "flags were refused");
    tenants.set(tenantId, {
      ...before,
      refusal: { message: error.message, since: before.refusal?.since ?? new Date() },
    });
    onChange(tenantId);
  };
  const settled = (tenantId: string): void => {
    const before = tenants.get(tenantId);
    if (!before?.refusal) return;
    tenants.set(tenantId, { ...before, refusal: null });
    onChange(tenantId);
  };

  const takeBundle = async (answer: unknown): Promise<void> => {
    const bundle = readBundle(answer, served());
    const here = ours();
    const changes = new Map<string, TenantFlags>();
    const named = new Set<string>();
    let isWhole = true;
    for (const entry of bundle.entries()) {
      const tenantId = entry.tenantId;
      if (tenantId !== null) named.add(tenantId);
      try {
        const envelope = entry.envelope();
        if (!here.has(envelope.tenant)) {
          // Not ours yet, or not any more: the document of the control plane decides.
          awaited.add(envelope.tenant);
          continue;
        }
        const { current } = known(envelope.tenant);
        if (isSame(current, envelope)) {
          settled(envelope.tenant);
          continue;
        }
        assertNewer(current, envelope);
        changes.set(envelope.tenant, taken(envelope.tenant, { envelope, contents: entry.contents(envelope) }));
      } catch (error) {
        if (!(error instanceof FlagsRefused)) throw error;
        isWhole = false;
        refuse(tenantId, error);
      }
    }
    await keep(changes);
    for (const tenantId of here) {
      if (named.has(tenantId)) continue;
      isWhole = false;
      // One that has none yet may be newer than the answer.
      if (known(tenantId).current)
        refuse(tenantId, new FlagsRefused("empty", "The control plane sent no flags of this tenant."));
    }
    etag = isWhole ? bundle.etag : undefined;
  };

  const takeDocument = async (body: unknown): Promise<AppliedFlags> => {
    const envelope = readEnvelope(body);
    if (!ours().has(envelope.tenant)) {
      awaited.add(envelope.tenant);
      throw new FlagsRefused(
        "foreign",
        "This tenant is not on this host. If it is about to be, its flags are fetched when it is.",
        404,
        "NOT_FOUND",
      );
    }
    const before = known(envelope.tenant);
    if (!isSame(before.current, envelope)) {
      assertNewer(before.current, envelope);
      const { flags } = body as { flags?: unknown };
      const contents = served().get(envelope.flagsDigest) ?? readContents(envelope.flagsDigest, flags);
      await keep(new Map([[envelope.tenant, taken(envelope.tenant, { envelope, contents })]]));
    } else settled(envelope.tenant);
    return appliedOf(known(envelope.tenant));
  };

  return {
    of: (tenantId) => tenants.get(tenantId),
    etag: () => etag,
    takeBundle: (answer) =>
      takeTurn(() => takeBundle(answer)).catch((error: unknown) => {
        if (error instanceof FlagsRefused) onRefused(error.reason);
        throw error;
      }),
    takeDocument: (body) =>
      takeTurn(() => takeDocument(body)).catch((error: unknown) => {
        if (error instanceof FlagsRefused) {
          onRefused(error.reason);
          log.warn({ reason: error.message }, "a document of flags was refused");
        }
        throw error;
      }),
    takeOlder: (tenantId, body) =>
      takeTurn(async () => {
        if (!ours().has(tenantId)) throw new ServiceError("NOT_FOUND", "There is no such tenant here.");
        const before = known(tenantId);
        await keep(new Map([[tenantId, { ...before, older: mergeOlder(before.older, body) }]]));
        return appliedOf(known(tenantId));
      }),
    follow: ({ tenants: wanted, tombstones }) =>
      takeTurn(async () => {
        const ids = new Set(wanted.map(({ tenantId }) => tenantId));
        for (const { tenantId } of tombstones) {
          if (ids.has(tenantId) || !tenants.has(tenantId)) continue;
          await shared.removeFlags(tenantId);
          tenants.delete(tenantId);
          onChange(tenantId);
        }
        if ([...awaited].some((tenantId) => ids.has(tenantId))) etag = undefined;
        awaited.clear();
      }),
    reportOf(tenantId) {
      const flags = tenants.get(tenantId);
      const error = flags?.refusal?.message ?? freshness.status().error;
      if (!flags && error === null) return undefined;
      const { revision, digest } = appliedOf(flags ?? NO_FLAGS);
      return { revision, digest, ...(error ? { error: error.slice(0, MAX_MESSAGE) } : {}) };
    },
    summary: () => {
      const all = [...tenants.values()];
      return {
        tenants: all.length,
        revisions: all.flatMap(({ current }) => (current ? [current.envelope.revision] : [])),
        refused: all.filter(({ refusal }) => refusal !== null).length,
        error: loadError,
      };
    },
  };
}
