/** The stores of an engine behind the gate: reads go to whichever engine has the records now, writes wait for pauses. */
import type { Engine, NamespaceStore, TenantRef } from "../engine.ts";
import type { SharedStore } from "../shared-store.ts";
import type { NamespaceTransfer } from "../transfer.ts";

/** Carries out work on the engine that it is about. */
export type Through = <T>(work: (engine: Engine) => Promise<T>) => Promise<T>;

export function gatedNamespace(tenant: TenantRef, read: Through, write: Through): NamespaceStore {
  const of = (engine: Engine) => engine.namespace(tenant);
  return {
    tenant,
    get: (...args) => read((engine) => of(engine).get(...args)),
    find: (...args) => read((engine) => of(engine).find(...args)),
    list: (...args) => read((engine) => of(engine).list(...args)),
    countBy: (...args) => read((engine) => of(engine).countBy(...args)),
    write: (operations) => write((engine) => of(engine).write(operations)),
    claimJob: (...args) => write((engine) => of(engine).claimJob(...args)),
    advanceJob: (...args) => write((engine) => of(engine).advanceJob(...args)),
    failLostJobs: (reason) => write((engine) => of(engine).failLostJobs(reason)),
  };
}

/** A long reading stays with the engine that it began on. */
export function gatedTransfer(slug: string, behind: () => Engine, read: Through, write: Through): NamespaceTransfer {
  const of = (engine: Engine) => engine.transfer(slug);
  return {
    slug,
    read: (collection) => of(behind()).read(collection),
    files: () => of(behind()).files(),
    readFile: (file) => read((engine) => of(engine).readFile(file)),
    put: (...args) => write((engine) => of(engine).put(...args)),
    remove: (...args) => write((engine) => of(engine).remove(...args)),
    putFile: (...args) => write((engine) => of(engine).putFile(...args)),
    removeFile: (file) => write((engine) => of(engine).removeFile(file)),
  };
}

const SHARED_READS: ReadonlySet<string> = new Set<keyof SharedStore>([
  "loadApplied",
  "listTenants",
  "findTenant",
  "findTenantOfOrg",
  "findSession",
  "loadFlags",
]);

/** Whatever the shared collections learn to do counts as a write until it is named above: waiting harms nobody. */
export function gatedShared(home: () => Engine, read: Through, write: Through): SharedStore {
  const call = (name: keyof SharedStore) => {
    if (name === "listSessions") return () => home().shared.listSessions();
    const through = SHARED_READS.has(name) ? read : write;
    return (...args: unknown[]) =>
      through((engine) => (engine.shared[name] as (...args: unknown[]) => Promise<unknown>)(...args));
  };
  return new Proxy({} as SharedStore, {
    get: (_, name) => (typeof name === "string" && name !== "then" ? call(name as keyof SharedStore) : undefined),
  });
}
