import { ServiceError } from "@kombify/agent-contract";
import type { Row } from "postgres";
import type { NamespaceStore, TenantRef, WriteOperation, WriteResults } from "../engine.ts";
import { cursorAfter, parseListQuery } from "../list-query.ts";
import type { Collection, JobRecord, Records } from "../records.ts";
import { assertStorable } from "../storable.ts";
import { advanceJob, claimJob, failLostJobs } from "./job-statements.ts";
import type { Lanes } from "./lanes.ts";
import type { Plans } from "./plans.ts";
import * as statements from "./statements.ts";
import { translate } from "./translate.ts";

const NOUNS: Record<Collection, string> = { users: "person", stacks: "stack", nodes: "node", jobs: "job" };

function statementOf(operation: WriteOperation, slug: string): statements.Statement {
  const { collection } = operation;
  switch (operation.kind) {
    case "create":
      return statements.insert(collection, slug, operation.record);
    case "update":
      return statements.update(collection, slug, { id: operation.id, ...operation.where }, operation.changes);
    case "remove":
      return statements.remove(collection, slug, { id: operation.id, ...operation.where });
    case "require":
      return statements.selectWhere(collection, slug, { id: operation.id, ...operation.where }, "for no key update");
    case "updateAll":
      return statements.update(collection, slug, operation.where, operation.changes);
    case "removeAll":
      return statements.remove(collection, slug, operation.where);
  }
}

/**
 * The records of one tenant on PostgreSQL. Every statement runs in a transaction under the tenant's own role, which the
 * database itself keeps from every other table.
 */
export function createNamespaceStore(lanes: Lanes, plans: Plans, tenant: TenantRef): NamespaceStore {
  const { slug } = tenant;
  const inOurWords = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await plans.use(slug, work);
    } catch (error) {
      throw translate(error);
    }
  };
  const read = (statement: statements.Statement) => inOurWords(() => lanes.read(slug, statement));
  const change = (statement: statements.Statement) =>
    inOurWords(() => lanes.transaction(slug, (send) => send(statement)));
  const first = async <T>(rows: Promise<Row[]>) => ((await rows)[0] ?? null) as T | null;

  const runAll = (operations: readonly WriteOperation[]) =>
    lanes.transaction(slug, async (send) => {
      const results = await Promise.all(operations.map((operation) => send(statementOf(operation, slug))));
      return operations.map((operation, index) => {
        if (operation.kind === "updateAll" || operation.kind === "removeAll") return null;
        const row = results[index]?.[0];
        if (!row) throw new ServiceError("NOT_FOUND", `There is no such ${NOUNS[operation.collection]}.`);
        return operation.kind === "remove" ? null : row;
      });
    });

  return {
    tenant,
    get: (collection, id) => first(read(statements.selectWhere(collection, slug, { id }))),
    find: async (collection, where) => {
      assertStorable(where);
      return first(read(statements.selectWhere(collection, slug, where, "order by id limit 1")));
    },
    async list<C extends Collection>(collection: C, query: Parameters<NamespaceStore["list"]>[1]) {
      const parsed = parseListQuery(collection, query);
      const rows = (await read(
        statements.selectPage(collection, slug, parsed, query.limit),
      )) as unknown as Records[C][];
      const items = rows.slice(0, query.limit);
      const last = items.at(-1);
      return { items, nextCursor: rows.length > query.limit && last ? cursorAfter(last, parsed.sort) : null };
    },
    async countBy(collection, field, where = {}) {
      const rows = await read(statements.countBy(collection, slug, field, where));
      return Object.fromEntries(rows.map(({ value, count }) => [String(value), Number(count)]));
    },
    async write<const T extends readonly WriteOperation[]>(operations: T) {
      assertStorable(operations);
      return (await inOurWords(() => runAll(operations))) as WriteResults<T>;
    },
    claimJob: (owner, leaseMs) => first<JobRecord>(change(claimJob(slug, owner, leaseMs))),
    advanceJob: (id, owner, leaseMs, progress) =>
      first<JobRecord>(change(advanceJob(slug, id, owner, leaseMs, progress))),
    failLostJobs: async (reason) => (await change(failLostJobs(slug, reason))) as unknown as JobRecord[],
  };
}
