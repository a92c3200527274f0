/**
 * The line to one PocketBase, as its superuser, through the official SDK. Everything the engine says to PocketBase goes
 * through here, so that what must never be said is refused in one place.
 */
import { ServiceError } from "@kombify/agent-contract";
import PocketBase, { BaseAuthStore, ClientResponseError, type RecordModel, type SendOptions } from "pocketbase";

export type PocketBaseLogin = { url: string; email: string; password: string };

/** A collection as the API gives and takes it (https://pocketbase.io/docs/api-collections). */
export type PocketBaseField = { id?: string; name: string; type: string; [option: string]: unknown };
export type PocketBaseCollection = {
  id: string;
  name: string;
  type: string;
  fields: PocketBaseField[];
  indexes: string[];
  listRule: string | null;
  viewRule: string | null;
  createRule: string | null;
  updateRule: string | null;
  deleteRule: string | null;
  [option: string]: unknown;
};

/** `PUT` creates the record of the body's id, or changes it. */
export type BatchRequest = { method: "POST" | "PUT" | "PATCH" | "DELETE"; url: string; body?: Record<string, unknown> };
/** What PocketBase says of one request of a batch that it refused. */
export type BatchRefusal = { index: number; status: number; message: string; fields: Record<string, { code: string }> };

/** A batch that changed nothing, because one of its requests was refused. */
export class BatchRefused extends Error {
  readonly refusal: BatchRefusal;
  constructor(refusal: BatchRefusal, cause: unknown) {
    const faults = Object.entries(refusal.fields).map(([field, { code }]) => ` ${field}: ${code}.`);
    super(`PocketBase refused request ${refusal.index} of a batch: ${refusal.message}${faults.join("")}`, { cause });
    this.refusal = refusal;
  }
}

/** Before a token's last half hour begins it is renewed; it lives for a day. */
const RENEW_BEFORE_SECONDS = 1_800;
/** Limits of PocketBase's batches that the engine needs: one write of ours is one batch. */
const BATCH = { enabled: true, maxRequests: 20_000, timeout: 60, maxBodySize: 0 };

export const isStatus = (error: unknown, status: number): error is ClientResponseError =>
  error instanceof ClientResponseError && error.status === status;

const refusalSchema = (data: unknown): BatchRefusal | null => {
  const requests = (data as { data?: { requests?: Record<string, { response?: Record<string, unknown> }> } }).data
    ?.requests;
  const [index, request] = Object.entries(requests ?? {})[0] ?? [];
  if (index === undefined || !request?.response) return null;
  const { status, message, data: fields } = request.response;
  return {
    index: Number(index),
    status: Number(status),
    message: String(message),
    fields: (fields ?? {}) as BatchRefusal["fields"],
  };
};

export const recordsUrl = (collection: string, id?: string): string =>
  `/api/collections/${collection}/records${id === undefined ? "" : `/${encodeURIComponent(id)}`}`;

export type Client = ReturnType<typeof createClient>;

/** @param login where PocketBase is and its superuser, who alone may change collections. */
export function createClient({ url, email, password }: PocketBaseLogin) {
  // Without it the SDK would abort every call that looks like an earlier one.
  const pb = new PocketBase(url, new BaseAuthStore()).autoCancellation(false);
  const send = pb.send.bind(pb);
  pb.send = <T>(path: string, options: SendOptions): Promise<T> =>
    send<T>(path, options).catch((error: unknown) => {
      if (!(error instanceof ClientResponseError && error.status === 0)) throw error;
      throw new ServiceError("UPSTREAM", "The PocketBase of this host does not answer. Try again in a moment.", {
        cause: error,
        retryAfterSeconds: 5,
      });
    });
  const raw = async (query: string): Promise<Array<Array<string | null>>> => {
    const { rows } = (await pb.sql.run(query)) as { rows: Array<Array<string | null>> };
    return rows;
  };
  const logIn = async (): Promise<void> => {
    try {
      await pb
        .collection("_superusers")
        .authWithPassword(email, password, { autoRefreshThreshold: RENEW_BEFORE_SECONDS });
    } catch (cause) {
      if (isStatus(cause, 400) || isStatus(cause, 404))
        throw new ServiceError("PRECONDITION", `PocketBase at ${url} refused the superuser's e-mail or password.`, {
          cause,
        });
      throw new ServiceError(
        "UPSTREAM",
        `PocketBase at ${url} does not answer as PocketBase does. Is the address right?`,
        { cause },
      );
    }
    try {
      await raw("select 1");
    } catch (cause) {
      if (!isStatus(cause, 404)) throw cause;
      throw new ServiceError("PRECONDITION", `PocketBase at ${url} is too old. Use 0.39 or newer.`, { cause });
    }
  };
  return {
    pb,
    raw,
    /** Carries out statements that write, all or none. @returns how many rows the last one changed. */
    run: async (statements: string): Promise<number> => {
      const { affectedRows } = (await pb.sql.run(statements)) as { affectedRows: number };
      return affectedRows;
    },
    /**
     * Logs in and changes nothing.
     * @throws ServiceError PRECONDITION when the log-in fails or PocketBase is too old, UPSTREAM when it does not answer.
     */
    logIn,
    /**
     * Logs in and makes sure that this PocketBase can do what the engine needs.
     * @throws ServiceError as {@link logIn} does.
     */
    async connect(): Promise<void> {
      await logIn();
      const { batch } = (await pb.settings.getAll()) as { batch: typeof BATCH };
      const isEnough = batch.enabled && batch.maxRequests >= BATCH.maxRequests && batch.timeout >= BATCH.timeout;
      if (!isEnough) await pb.settings.update({ batch: BATCH });
    },
    /** @param filter of PocketBase's; all collections without one, which takes seconds where there are many. */
    collections: (filter = "") =>
      pb.collections.getFullList<never>({ batch: 1_000, filter }) as Promise<PocketBaseCollection[]>,
    collectionNames: async (filter: string): Promise<string[]> => {
      const collections = await pb.collections.getFullList({ batch: 1_000, fields: "name", filter });
      return collections.map(({ name }) => name);
    },
    /**
     * Creates and changes collections, all or none. What is not named stays: the call that would delete it is never made.
     */
    async importCollections(collections: Array<Partial<PocketBaseCollection>>): Promise<void> {
      await pb.collections.import(collections as never, false);
    },
    /** Carries out all requests or none. @throws BatchRefused when PocketBase refused one of them. */
    async batch(requests: readonly BatchRequest[]): Promise<RecordModel[]> {
      try {
        const answers = (await pb.send("/api/batch", { method: "POST", body: { requests } })) as Array<{
          body: RecordModel;
        }>;
        return answers.map(({ body }) => body);
      } catch (error) {
        const refusal = error instanceof ClientResponseError ? refusalSchema(error.response) : null;
        throw refusal ? new BatchRefused(refusal, error) : error;
      }
    },
  };
}
