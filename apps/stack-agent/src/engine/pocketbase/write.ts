/**
 * Writing several things or none. PocketBase's batch is one transaction, but knows no conditions. So every namespace has a
 * baton, a record whose id changes with each write: a write reads what it depends on and sends a batch that begins by
 * deleting the baton it saw. Whoever comes second finds it gone, changes nothing, and reads again. That holds between
 * processes too. Inside this one, writes to a namespace stand in line, so that it hardly ever happens.
 */
import { randomBytes } from "node:crypto";
import { ServiceError } from "@kombify/agent-contract";
import type { WriteOperation } from "../engine.ts";
import type { Collection, Records } from "../records.ts";
import { BatchRefused, type BatchRequest, type Client, recordsUrl } from "./client.ts";
import { toBody } from "./codec.ts";
import { quote } from "./filters.ts";
import { tableOf } from "./namespace-collections.ts";
import { fits, goneOr, type Reader } from "./reads.ts";
import { nameTaken, noSuch, refusalOf, uniqueNameOf } from "./refusals.ts";

/** Ever more unlikely to be needed; beyond it something else is wrong. */
const MAX_TRIES = 20;

type Change = { request: BatchRequest; collection: Collection };
type AnyRecord = Records[Collection];

/** What a write has decided so far: later steps of it see what earlier ones will have done. */
class Draft {
  readonly changes: Change[] = [];
  readonly #seen = new Map<string, AnyRecord | null>();
  readonly #reader: Reader;
  readonly #slug: string;
  constructor(reader: Reader, slug: string) {
    this.#reader = reader;
    this.#slug = slug;
  }

  #set(collection: Collection, id: string, record: AnyRecord | null, request: BatchRequest): void {
    this.#seen.set(`${collection}/${id}`, record);
    this.changes.push({ request, collection });
  }

  async get(collection: Collection, id: string): Promise<AnyRecord | null> {
    const known = this.#seen.get(`${collection}/${id}`);
    return known === undefined ? this.#reader.get(collection, id) : known;
  }

  async require(collection: Collection, id: string, where: object): Promise<AnyRecord> {
    const record = await this.get(collection, id);
    if (!record || !fits(record, where)) throw noSuch(collection);
    return record;
  }

  async matching(collection: Collection, where: object): Promise<AnyRecord[]> {
    const stored: AnyRecord[] = await this.#reader.all(collection, where);
    const mine = [...this.#seen].filter(([key]) => key.startsWith(`${collection}/`)).map(([, record]) => record);
    const untouched = stored.filter(({ id }) => !this.#seen.has(`${collection}/${id}`));
    return [...untouched, ...mine.filter((record) => record !== null).filter((record) => fits(record, where))];
  }

  /**
   * SQLite knows upper and lower case of ASCII only, so names with other letters are compared here.
   * @throws ServiceError CONFLICT when another live stack, or another node of the stack, has the name.
   */
  async #assertNameFree(collection: Collection, record: AnyRecord): Promise<void> {
    const where = uniqueNameOf(collection, record);
    if (!where) return;
    const key = where.name.toLowerCase();
    const others = (await this.matching(collection, where.among)) as Array<{ id: string; name: string }>;
    if (others.some(({ id, name }) => id !== record.id && name.toLowerCase() === key)) throw nameTaken(collection);
  }

  async create(collection: Collection, record: AnyRecord): Promise<void> {
    await this.#assertNameFree(collection, record);
    const password = collection === "users" ? newPassword() : {};
    const body = { ...toBody(collection, record), ...password };
    this.#set(collection, record.id, record, {
      method: "POST",
      url: recordsUrl(tableOf(collection, this.#slug)),
      body,
    });
  }

  async update(collection: Collection, record: AnyRecord, changes: object): Promise<AnyRecord> {
    const next = { ...record, ...changes } as AnyRecord;
    if ("name" in changes || "deletedAt" in changes) await this.#assertNameFree(collection, next);
    const url = recordsUrl(tableOf(collection, this.#slug), record.id);
    this.#set(collection, record.id, next, { method: "PATCH", url, body: toBody(collection, changes) });
    return next;
  }

  remove(collection: Collection, id: string): void {
    this.#set(collection, id, null, { method: "DELETE", url: recordsUrl(tableOf(collection, this.#slug), id) });
  }
}

/** PocketBase's people must have a password; nobody knows these, and logging in with one is switched off. */
export function newPassword(): { password: string; passwordConfirm: string } {
  const password = randomBytes(24).toString("base64url");
  return { password, passwordConfirm: password };
}

async function decide(draft: Draft, operation: WriteOperation): Promise<AnyRecord | null> {
  const { collection } = operation;
  switch (operation.kind) {
    case "create":
      await draft.create(collection, operation.record);
      return operation.record;
    case "update": {
      const record = await draft.require(collection, operation.id, operation.where ?? {});
      return draft.update(collection, record, operation.changes);
    }
    case "require":
      return draft.require(collection, operation.id, operation.where ?? {});
    case "remove":
      await draft.require(collection, operation.id, operation.where ?? {});
      draft.remove(collection, operation.id);
      return null;
    case "updateAll":
      for (const record of await draft.matching(collection, operation.where))
        await draft.update(collection, record, operation.changes);
      return null;
    case "removeAll":
      for (const { id } of await draft.matching(collection, operation.where)) draft.remove(collection, id);
      return null;
  }
}

export type Writer = ReturnType<typeof createWriter>;

/** Writes to the namespaces of one PocketBase. */
export function createWriter(client: Client) {
  const lines = new Map<string, Promise<unknown>>();
  const batons = new Map<string, string>();

  /** One after the other for each namespace. */
  const inLine = <T>(slug: string, work: () => Promise<T>): Promise<T> => {
    const before = lines.get(slug) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine.then(
      () => undefined,
      () => undefined,
    );
    lines.set(slug, settled);
    void settled.then(() => lines.get(slug) === settled && lines.delete(slug));
    return mine;
  };

  const baton = async (slug: string): Promise<string | null> => {
    const known = batons.get(slug);
    if (known) return known;
    const options = { filter: `slug = ${quote(slug)}`, skipTotal: true };
    const { items } = await client.pb.collection("_batons").getList(1, 1, options);
    return items[0]?.id ?? null;
  };

  /** Sends what was decided. @returns false when somebody else has written meanwhile. */
  const send = async (slug: string, seen: string | null, changes: readonly Change[]): Promise<boolean> => {
    const next = randomBytes(10).toString("hex");
    const exchange: BatchRequest[] = [
      ...(seen ? [{ method: "DELETE", url: recordsUrl("_batons", seen) } as const] : []),
      { method: "POST", url: recordsUrl("_batons"), body: { id: next, slug } },
    ];
    try {
      await client.batch([...exchange, ...changes.map(({ request }) => request)]);
      batons.set(slug, next);
      return true;
    } catch (error) {
      batons.delete(slug);
      if (!(error instanceof BatchRefused)) throw goneOr(error);
      const { index } = error.refusal;
      if (index < exchange.length) return false;
      throw refusalOf(error, changes[index - exchange.length]);
    }
  };

  /** Decides and sends, until nobody came in between. */
  const attempt = <T>(slug: string, reader: Reader, work: (draft: Draft) => Promise<T>): Promise<T> =>
    inLine(slug, async () => {
      for (let i = 0; i < MAX_TRIES; i++) {
        const seen = await baton(slug);
        const draft = new Draft(reader, slug);
        const result = await work(draft);
        if (draft.changes.length === 0) return result;
        if (await send(slug, seen, draft.changes)) return result;
      }
      throw new ServiceError("UPSTREAM", "Others write to this homelab all the time. Try again in a moment.");
    });

  return {
    attempt,
    write: (slug: string, reader: Reader, operations: readonly WriteOperation[]): Promise<Array<AnyRecord | null>> =>
      attempt(slug, reader, async (draft) => {
        const results: Array<AnyRecord | null> = [];
        for (const operation of operations) results.push(await decide(draft, operation));
        return results;
      }),
  };
}
