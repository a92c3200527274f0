/**
 * Access tokens of providers that are refused although they are good, because somebody signed out or was shut out. Every
 * request asks; so the list is in memory, kept current by what the database tells. Memory is believed only while nothing
 * can have been missed: otherwise the database itself is asked, on every request.
 */
import { type Database, notifyChange, type ScopedDatabase, type Transaction, type UserId } from "@kombify/db";
import { tokenDenials } from "@kombify/db/schema";
import type { Logger } from "@kombify/server";
import { lte, sql } from "drizzle-orm";
import type { Changes } from "../context.ts";

type DenialKind = (typeof tokenDenials.$inferSelect)["kind"];

/**
 * Access tokens that live longer are not taken at all, so that a denial is complete when this time has passed.
 * Milliseconds; Zitadel's live for 12 hours unless set otherwise.
 */
export const MAX_TOKEN_LIFETIME_MS = 24 * 3_600_000;
/** More than this is not kept in memory; the database is asked instead. */
const MAX_REMEMBERED = 100_000;
/** How long memory is believed without having been read again. A connection can be dead without anybody saying so. */
const MAX_AGE_MS = 60_000;

/** What a token says that it can be denied by. */
export interface DeniableToken {
  issuer: string;
  subject: string;
  jti: string | undefined;
  sid: string | undefined;
  /** Milliseconds since 1970. */
  issuedAt: number;
}

export interface Denials {
  isDenied(token: DeniableToken): Promise<boolean>;
  /** Whether tokens of this person of a provider are denied at all: for those of whose tokens nothing more is known. */
  isSubjectDenied(issuer: string, subject: string): Promise<boolean>;
}

/**
 * Refuses tokens from the moment at which the transaction commits, in every process.
 * @param denial.before tokens issued up to this moment are meant.
 * @param denial.expiresAt when the last of them has ended by itself.
 */
export async function denyTokens(
  tx: Transaction,
  denial: { issuer: string; kind: DenialKind; value: string; before: Date; expiresAt: Date },
): Promise<void> {
  await tx
    .insert(tokenDenials)
    .values(denial)
    .onConflictDoUpdate({
      target: [tokenDenials.issuer, tokenDenials.kind, tokenDenials.value],
      set: {
        before: sql`greatest(${tokenDenials.before}, excluded.before)`,
        expiresAt: sql`greatest(${tokenDenials.expiresAt}, excluded.expires_at)`,
      },
    });
  await notifyChange(tx, { noun: "denials", id: denial.issuer });
}

/** Refuses every access token that any provider has issued to the person until now. */
export async function denyTokensOfPerson(tx: Transaction, userId: UserId): Promise<void> {
  const accounts = await tx.execute<{ issuer: string; subject: string }>(
    sql`select issuer, subject from oidc_identities where user_id = ${userId}`,
  );
  const before = new Date();
  const expiresAt = new Date(before.getTime() + MAX_TOKEN_LIFETIME_MS);
  for (const { issuer, subject } of accounts)
    await denyTokens(tx, { issuer, kind: "sub", value: subject, before, expiresAt });
}

/** Removes denials of tokens that have all ended by themselves. */
export async function pruneDenials(db: ScopedDatabase): Promise<void> {
  await db.transaction((tx) => tx.delete(tokenDenials).where(lte(tokenDenials.expiresAt, sql`now()`)));
}

const keyOf = (issuer: string, kind: DenialKind, value: string) => JSON.stringify([issuer, kind, value]);
const namesOf = ({ jti, sid, subject }: DeniableToken): [DenialKind, string][] => [
  ["sub", subject],
  ...(jti === undefined ? [] : [["jti", jti] satisfies [DenialKind, string]]),
  ...(sid === undefined ? [] : [["sid", sid] satisfies [DenialKind, string]]),
];

/** Loads the list and keeps it current. @param changes must listen already. */
export async function openDenials(options: { db: Database; changes: Changes; log: Logger }): Promise<Denials> {
  const { changes, log } = options;
  const db = options.db.as({ kind: "identity" });
  /** Null when the list is too long to be remembered. */
  let remembered: ReadonlyMap<string, number> | null = null;
  // Memory is as good as the list when the last reading began after the last word of a change.
  let [asked, read, readAt] = [1, 0, 0];
  let reading: Promise<void> | null = null;

  async function readAll(): Promise<void> {
    while (read < asked) {
      const reason = asked;
      const startedAt = Date.now();
      const rows = await db.read<{ issuer: string; kind: DenialKind; value: string; before: Date }>(
        (sql) =>
          sql`select issuer, kind, value, before from token_denials where expires_at > now() limit ${MAX_REMEMBERED + 1}`,
      );
      remembered =
        rows.length > MAX_REMEMBERED
          ? null
          : new Map(
              rows.map(({ issuer, kind, value, before }) => [keyOf(issuer, kind, value), before.getTime()] as const),
            );
      [read, readAt] = [reason, startedAt];
    }
  }
  const refresh = () => {
    reading ??= readAll()
      .catch((error: unknown) => log.warn({ err: error }, "denied tokens could not be read; asking for each request"))
      .finally(() => {
        reading = null;
      });
    return reading;
  };
  const doubt = () => {
    asked++;
    void refresh();
  };
  changes.on((change) => {
    if (change.noun === "denials") doubt();
  });
  changes.onMissed(doubt);
  await readAll();

  function currentList(): ReadonlyMap<string, number> | null {
    if (Date.now() - readAt > MAX_AGE_MS) asked++;
    if (read === asked) return changes.isListening() ? remembered : null;
    void refresh();
    return null;
  }
  /** The latest moment up to which tokens that bear one of the names are denied; in milliseconds since 1970. */
  async function lastDenial(issuer: string, names: [DenialKind, string][]): Promise<number> {
    const list = currentList();
    if (list)
      return Math.max(
        ...names.map(([kind, value]) => list.get(keyOf(issuer, kind, value)) ?? Number.NEGATIVE_INFINITY),
      );
    const rows = await db.read<{ kind: DenialKind; value: string; before: Date }>(
      (sql) => sql`select kind, value, before from token_denials
        where issuer = ${issuer} and value in ${sql(names.map(([, value]) => value))} and expires_at > now()`,
    );
    const meant = rows.filter((row) => names.some(([kind, value]) => row.kind === kind && row.value === value));
    return Math.max(Number.NEGATIVE_INFINITY, ...meant.map(({ before }) => before.getTime()));
  }

  return {
    isDenied: async (token) => (await lastDenial(token.issuer, namesOf(token))) >= token.issuedAt,
    isSubjectDenied: async (issuer, subject) =>
      (await lastDenial(issuer, [["sub", subject]])) > Number.NEGATIVE_INFINITY,
  };
}
