/**
 * Personal access tokens: `kpat_` and 43 characters of base64url, which are 256 random bits. The beginning is there so that
 * one that was published by mistake can be found by machines. Only the sha256 is stored, and what made a token is shown
 * once. Owns api_tokens; never returns a secret but from the verb that makes it.
 */
import { hash, randomBytes } from "node:crypto";
import { ServiceError } from "@kombify/agent-contract";
import { type ApiTokenId, newId, notifyChange, type Transaction, type UserId } from "@kombify/db";
import { apiTokens } from "@kombify/db/schema";
import { and, eq, isNull, sql } from "drizzle-orm";
import type { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { UserContext } from "../context.ts";
import { endStackSessions } from "./end-stack-sessions.ts";
import {
  type createTokenInput,
  DEFAULT_TOKEN_DAYS,
  MAX_LIVE_TOKENS,
  MAX_TOKEN_DAYS,
  type TokenView,
} from "./token-schemas.ts";

/** What a personal access token looks like. */
export const PERSONAL_TOKEN_PATTERN = /^kpat_[\w-]{43}$/;
/** Of the secret, with the prefix: enough to tell tokens apart, too little to guess the rest (232 bits are left). */
const SHOWN_CHARACTERS = 9;
const DAY_MS = 86_400_000;

/** What is stored of a token. */
export const secretHashOf = (secret: string): string => hash("sha256", secret);

function expiryOf(wanted: string | undefined): Date {
  if (wanted === undefined) return new Date(Date.now() + DEFAULT_TOKEN_DAYS * DAY_MS);
  const expiresAt = new Date(wanted);
  const refuse = (message: string) =>
    new ServiceError("INVALID", message, { fields: [{ path: "expiresAt", message }] });
  if (expiresAt.getTime() <= Date.now()) throw refuse("Choose a time in the future.");
  // A day more, so that "one year" does not fail for the hours between making the request and reading it.
  if (expiresAt.getTime() > Date.now() + (MAX_TOKEN_DAYS + 1) * DAY_MS)
    throw refuse(`A token is good for ${MAX_TOKEN_DAYS} days at most.`);
  return expiresAt;
}

/**
 * Makes a token for the caller. @returns its secret, which nobody can read again.
 * @throws ServiceError INVALID, LIMIT_REACHED
 */
export async function createToken(
  ctx: UserContext,
  input: z.output<typeof createTokenInput>,
): Promise<{ token: TokenView; secret: string }> {
  const expiresAt = expiryOf(input.expiresAt);
  const userId = ctx.session.user.id;
  const secret = `kpat_${randomBytes(32).toString("base64url")}`;
  return ctx.db.transaction(async (tx) => {
    // One after another for each person, or two at the same time would both be the fiftieth.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('api_tokens'), hashtext(${userId}))`);
    const live = await tx.$count(
      apiTokens,
      and(eq(apiTokens.userId, userId), isNull(apiTokens.revokedAt), sql`${apiTokens.expiresAt} > now()`),
    );
    if (live >= MAX_LIVE_TOKENS)
      throw new ServiceError(
        "LIMIT_REACHED",
        `You have ${MAX_LIVE_TOKENS} access tokens. Revoke one that you no longer use.`,
      );
    const { name, scopes } = input;
    const row = {
      id: newId(),
      userId,
      name,
      scopes,
      expiresAt,
      secretHash: secretHashOf(secret),
      prefix: secret.slice(0, SHOWN_CHARACTERS),
    };
    const [made] = await tx.insert(apiTokens).values(row).returning({ createdAt: apiTokens.createdAt });
    await recordAudit(tx, ctx, {
      action: "tokens.create",
      targetKind: "token",
      targetId: row.id,
      summary: `Made the access token "${name}" (${scopes.join(", ")}), good until ${expiresAt.toISOString().slice(0, 10)}`,
    });
    const token = {
      id: row.id,
      name,
      prefix: row.prefix,
      scopes,
      expiresAt,
      createdAt: made?.createdAt ?? new Date(),
      lastUsedAt: null,
    };
    return { token, secret };
  });
}

/** The caller's tokens, newest first: those that are live, and those that expired within the last month. */
export const listTokens = (ctx: UserContext): Promise<TokenView[]> =>
  ctx.db.read<TokenView>(
    (sql) => sql`
      select id, name, prefix, scopes, created_at as "createdAt", expires_at as "expiresAt", last_used_at as "lastUsedAt"
      from api_tokens where user_id = ${ctx.session.user.id} and revoked_at is null and expires_at > now() - interval '30 days'
      order by expires_at > now() desc, created_at desc limit 100`,
  );

/** Writes down that a token was used, to the minute. A crash may lose it, so it does not wait for the disk. */
export async function markUsed(tx: Transaction, id: ApiTokenId): Promise<void> {
  await tx.execute(sql`set local synchronous_commit = off`);
  await tx.update(apiTokens).set({ lastUsedAt: sql`date_trunc('minute', now())` }).where(eq(apiTokens.id, id));
}

/**
 * Ends a token at once, in every process, and what was launched with it on Stacks.
 * @throws ServiceError NOT_FOUND
 */
export async function revokeToken(ctx: UserContext, id: ApiTokenId): Promise<void> {
  const userId = ctx.session.user.id;
  await ctx.db.transaction(async (tx) => {
    const [revoked] = await tx
      .update(apiTokens)
      .set({ revokedAt: new Date() })
      .where(and(eq(apiTokens.id, id), eq(apiTokens.userId, userId), isNull(apiTokens.revokedAt)))
      .returning({ name: apiTokens.name });
    if (!revoked) throw new ServiceError("NOT_FOUND", "There is no such access token among yours.");
    await endStackSessions(tx, { userId, sessionId: id });
    await notifyChange(tx, { noun: "tokens", id: userId });
    await recordAudit(tx, ctx, {
      action: "tokens.revoke",
      targetKind: "token",
      targetId: id,
      summary: `Revoked the access token "${revoked.name}"`,
    });
  });
}

/**
 * Ends all tokens of a person, for verbs that shut somebody out. It says nothing to the audit trail, which they do, nor to
 * Stacks, for which they have endStackSessions. The transaction's scope is the person's own, or the system's.
 */
export async function revokeTokensOf(tx: Transaction, userId: UserId): Promise<void> {
  await tx
    .update(apiTokens)
    .set({ revokedAt: new Date() })
    .where(and(eq(apiTokens.userId, userId), isNull(apiTokens.revokedAt)));
  await notifyChange(tx, { noun: "tokens", id: userId });
}
