/** What a namespace must do, in memory and in the simplest way: the engines are held against it. */
import type { ErrorCode } from "@kombify/agent-contract";
import type { WriteOperation } from "../src/engine/engine.ts";
import type { Collection, JobRecord, NodeRecord, Records, StackRecord } from "../src/engine/records.ts";

export class Refused extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode) {
    super(code);
    this.code = code;
  }
}

type State = { [C in Collection]: Map<string, Records[C]> };
type AnyRecord = Records[Collection];

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
export const fits = (record: object, where: object): boolean =>
  Object.entries(where).every(([name, value]) => isSame((record as Record<string, unknown>)[name], value));
const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);

function assertKept(state: State): void {
  const names = new Set<string>();
  for (const { name, deletedAt } of state.stacks.values()) {
    if (deletedAt) continue;
    if (names.has(name.toLowerCase())) throw new Refused("CONFLICT");
    names.add(name.toLowerCase());
  }
  const nodes = new Set<string>();
  for (const { stackId, name } of state.nodes.values()) {
    if (!state.stacks.has(stackId)) throw new Refused("NOT_FOUND");
    if (nodes.has(`${stackId} ${name.toLowerCase()}`)) throw new Refused("CONFLICT");
    nodes.add(`${stackId} ${name.toLowerCase()}`);
  }
}

export class Model {
  #state: State = { users: new Map(), stacks: new Map(), nodes: new Map(), jobs: new Map() };

  all<C extends Collection>(collection: C): Records[C][] {
    return [...(this.#state[collection].values() as Iterable<Records[C]>)].sort(byId);
  }

  write(operations: readonly WriteOperation[]): Array<AnyRecord | null> {
    const next = structuredClone(this.#state);
    const results = operations.map((operation) => {
      const records = next[operation.collection] as Map<string, AnyRecord>;
      const one = (id: string, where: object = {}) => {
        const record = records.get(id);
        if (!record || !fits(record, where)) throw new Refused("NOT_FOUND");
        return record;
      };
      const many = (where: object) => [...records.values()].filter((record) => fits(record, where));
      const apply = (): AnyRecord | null => {
        switch (operation.kind) {
          case "create":
            if (records.has(operation.record.id)) throw new Refused("CONFLICT");
            records.set(operation.record.id, operation.record);
            return operation.record;
          case "update": {
            const changed = { ...one(operation.id, operation.where), ...operation.changes } as AnyRecord;
            records.set(operation.id, changed);
            return changed;
          }
          case "require":
            return one(operation.id, operation.where);
          case "remove":
            one(operation.id, operation.where);
            if ([...next.nodes.values()].some(({ stackId }) => stackId === operation.id)) throw new Refused("CONFLICT");
            records.delete(operation.id);
            return null;
          case "updateAll":
            for (const record of many(operation.where))
              records.set(record.id, { ...record, ...operation.changes } as AnyRecord);
            return null;
          case "removeAll":
            for (const { id } of many(operation.where)) records.delete(id);
            return null;
        }
      };
      const result = apply();
      assertKept(next);
      return structuredClone(result);
    });
    this.#state = next;
    return results;
  }

  /** Leases are long and nobody is late in the model: only waiting jobs can be claimed. */
  claimJob(owner: string): Pick<JobRecord, "id" | "state" | "attempts" | "leaseOwner"> | null {
    const jobs = [...this.#state.jobs.values()];
    const held = new Set(jobs.filter(({ state }) => state === "running").map(({ stackId }) => stackId));
    const order = (a: JobRecord, b: JobRecord) => a.createdAt.getTime() - b.createdAt.getTime() || byId(a, b);
    const job = jobs
      .sort(order)
      .find(({ state, stackId }) => state === "pending" && (stackId === null || !held.has(stackId)));
    if (!job) return null;
    const claimed = { ...job, state: "running", attempts: job.attempts + 1, leaseOwner: owner } as const;
    this.#state.jobs.set(job.id, claimed);
    const { id, state, attempts, leaseOwner } = claimed;
    return { id, state, attempts, leaseOwner };
  }

  list<C extends "stacks" | "nodes">(collection: C, sort: string, where: object): Array<StackRecord | NodeRecord> {
    const field = sort.replace("-", "") as "name";
    const sign = sort.startsWith("-") ? -1 : 1;
    const compare = (a: unknown, b: unknown) => Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
    return (this.all(collection) as Array<StackRecord | NodeRecord>)
      .filter((record) => fits(record, where))
      .sort((a, b) => sign * (compare(a[field], b[field]) || compare(a.id, b.id)));
  }
}
