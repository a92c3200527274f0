/**
 * Reads what is kept when the agent starts. A document that cannot be read any more gives way to the one before it, and that
 * to nothing: whoever asks then uses the defaults of their own code. Nothing here keeps the agent from starting.
 */
import type { FlagEnvelope } from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import type { SharedStore, StoredFlags, StoredTenantFlags } from "../engine/shared-store.ts";
import { type Contents, readContents, readEnvelope } from "./checks.ts";
import { NO_OLDER, type OlderLayer, readOlder } from "./older.ts";

/** The flags of one tenant, as they are served. */
export type TenantFlags = {
  current: { envelope: FlagEnvelope; contents: Contents } | null;
  previous: FlagEnvelope | null;
  older: OlderLayer;
  /** Why something newer was not taken, or what was kept could not be read. */
  refusal: { message: string; since: Date } | null;
};

export type LoadedFlags = { tenants: Map<string, TenantFlags>; stored: Set<string>; error: string | null };

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : "It did not say why.");

function readTenant(
  { tenantId, current, previous, older }: StoredTenantFlags,
  contentsOf: (digest: string) => Contents,
): TenantFlags {
  const faults: string[] = [];
  const attempt = <T>(what: string, work: () => T): T | null => {
    try {
      return work();
    } catch (error) {
      faults.push(`${what} cannot be read: ${messageOf(error)}`);
      return null;
    }
  };
  const document = (what: string, text: string | null) =>
    text === null
      ? null
      : attempt(what, () => {
          const envelope = readEnvelope(JSON.parse(text), tenantId);
          return { envelope, contents: contentsOf(envelope.flagsDigest) };
        });
  const newest = document("The stored document", current);
  // Read only when it is needed; what is in it is checked then.
  const before = newest ? null : document("The document before it", previous);
  const layer = attempt("What older control planes sent", () => readOlder(older));
  const previousEnvelope =
    newest && previous ? attempt("The document before it", () => readEnvelope(JSON.parse(previous), tenantId)) : null;
  const used = before ? ` Revision ${before.envelope.revision} is used until a newer one comes.` : "";
  return {
    current: newest ?? before,
    previous: previousEnvelope,
    older: layer ?? NO_OLDER,
    refusal: faults.length > 0 ? { message: `${faults.join(" ")}${used}`, since: new Date() } : null,
  };
}

function readAll({ contents, tenants }: StoredFlags, log: Logger): LoadedFlags {
  const ready = new Map<string, Contents>();
  const contentsOf = (digest: string): Contents => {
    const text = contents.get(digest);
    if (text === undefined) throw new Error("its flags are missing.");
    const known = ready.get(digest) ?? readContents(digest, JSON.parse(text));
    ready.set(digest, known);
    return known;
  };
  const loaded = new Map<string, TenantFlags>();
  for (const row of tenants) {
    const flags = readTenant(row, contentsOf);
    loaded.set(row.tenantId, flags);
    if (flags.refusal) log.error({ tenantId: row.tenantId, reason: flags.refusal.message }, "stored flags are damaged");
  }
  // Whatever could not be read is written anew when it comes again.
  return { tenants: loaded, stored: new Set(contents.keys()), error: null };
}

export async function loadFlags(shared: SharedStore, log: Logger): Promise<LoadedFlags> {
  try {
    return readAll(await shared.loadFlags(), log);
  } catch (err) {
    log.error({ err }, "the stored flags could not be read; defaults are used until the control plane sends them");
    return { tenants: new Map(), stored: new Set(), error: "The stored flags could not be read." };
  }
}
