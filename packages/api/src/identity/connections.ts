/** Which provider accounts open a person's account. Linked by issuer and subject; an address proves nothing here. */
import { ServiceError } from "@kombify/agent-contract";
import type { Transaction, UserId } from "@kombify/db";
import { notifyChange } from "@kombify/db";
import { oidcIdentities } from "@kombify/db/schema";
import { sql } from "drizzle-orm";
import { recordAudit } from "../audit/record.ts";
import type { UserContext, VerbContext } from "../context.ts";
import { endStackSessions, tellStacksOf } from "./end-stack-sessions.ts";
import type { ProviderIdentity } from "./provider-claims.ts";
import type { ConnectionsView } from "./schemas.ts";
import { SignInRefusal } from "./sign-in-refusal.ts";

/** Takes the next sign-ins of one provider account one after another. */
export const lockIdentity = (tx: Transaction, { provider, subject }: ProviderIdentity) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`identity ${provider.issuer} ${subject}`}, 0))`);

export async function linkIdentity(tx: Transaction, userId: UserId, identity: ProviderIdentity): Promise<void> {
  const { provider, subject, organisation } = identity;
  await tx.insert(oidcIdentities).values({ issuer: provider.issuer, subject, userId, orgId: organisation?.id ?? null });
  await tellStacksOf(tx, { userId });
}

/** The person's provider accounts, and the providers that could be connected. */
export async function listConnections(ctx: UserContext): Promise<ConnectionsView> {
  const { providers } = ctx.can.oidc;
  const [[account], rows] = await Promise.all([
    ctx.db.read<{ hasPassword: boolean }>(
      (s) => s`select password_hash is not null as "hasPassword" from users where id = ${ctx.session.user.id}`,
    ),
    ctx.db.read<{ issuer: string; connectedAt: Date; lastUsedAt: Date }>(
      (s) => s`select issuer, created_at as "connectedAt", last_seen_at as "lastUsedAt" from oidc_identities
        where user_id = ${ctx.session.user.id} order by created_at, issuer`,
    ),
  ]);
  const nameOf = (issuer: string) =>
    providers.find((provider) => provider.issuer === issuer)?.name ?? new URL(issuer).host;
  const hasPassword = account?.hasPassword ?? false;
  return {
    hasPassword,
    items: rows.map((row) => ({ ...row, name: nameOf(row.issuer) })),
    available: providers
      .filter(({ issuer }) => !rows.some((row) => row.issuer === issuer))
      .map(({ id, name }) => ({ id, name })),
  };
}

/**
 * Connects the account that a provider has just vouched for to the person who asked for it.
 * @throws SignInRefusal when that account opens somebody else's, or the person has another of this provider.
 */
export async function addConnection(
  ctx: Pick<VerbContext, "db" | "request">,
  person: { id: UserId; name: string },
  identity: ProviderIdentity,
): Promise<void> {
  const { issuer, name } = identity.provider;
  await ctx.db.transaction(async (tx) => {
    await lockIdentity(tx, identity);
    const found = await tx.execute<{ userId: UserId; subject: string }>(
      sql`select user_id as "userId", subject from oidc_identities
        where issuer = ${issuer} and (subject = ${identity.subject} or user_id = ${person.id})`,
    );
    if (found.some(({ userId }) => userId !== person.id))
      throw new SignInRefusal("linked-elsewhere", "CONFLICT", `This account of ${name} opens another kombify account.`);
    if (found.some(({ subject }) => subject !== identity.subject))
      throw new SignInRefusal(
        "already-connected",
        "CONFLICT",
        `Another account of ${name} is connected. Disconnect it first.`,
      );
    if (found.length > 0) return;
    await linkIdentity(tx, person.id, identity);
    const actor = { kind: "user" as const, id: person.id, name: person.name };
    const summary = `${person.name} connected ${name}`;
    await recordAudit(
      tx,
      { ...ctx, actor },
      { action: "identity.connect", targetKind: "user", targetId: person.id, summary },
    );
  });
}

/**
 * Lets a provider account open nothing any more. What was begun with it ends, but for the session that asks.
 * @throws ServiceError PRECONDITION when it is the only way in; NOT_FOUND
 */
export async function disconnectProvider(ctx: UserContext, input: { issuer: string }): Promise<void> {
  const { id: userId, name } = ctx.session.user;
  const usable = new Set(ctx.can.oidc.providers.map(({ issuer }) => issuer));
  await ctx.db.transaction(async (tx) => {
    const [account] = await tx.execute<{ hasPassword: boolean }>(
      sql`select password_hash is not null as "hasPassword" from users where id = ${userId} for update`,
    );
    const rows = await tx.execute<{ issuer: string }>(
      sql`select issuer from oidc_identities where user_id = ${userId}`,
    );
    if (!rows.some(({ issuer }) => issuer === input.issuer))
      throw new ServiceError("NOT_FOUND", "This provider is not connected to your account.");
    const others = rows.filter(({ issuer }) => issuer !== input.issuer && usable.has(issuer));
    if (!account?.hasPassword && others.length === 0)
      throw new ServiceError("PRECONDITION", "This is the only way into your account. Set a password first.");
    await tx.execute(sql`delete from oidc_identities where user_id = ${userId} and issuer = ${input.issuer}`);
    const ended = await tx.execute<{ publicId: string }>(
      sql`delete from sessions where user_id = ${userId} and idp_issuer = ${input.issuer} and id <> ${ctx.session.id}
        returning public_id as "publicId"`,
    );
    for (const { publicId } of ended) await endStackSessions(tx, { userId, sessionId: publicId });
    const summary = `${name} disconnected ${new URL(input.issuer).host}`;
    await recordAudit(tx, ctx, { action: "identity.disconnect", targetKind: "user", targetId: userId, summary });
    await tellStacksOf(tx, { userId });
    await notifyChange(tx, { noun: "sessions", id: userId });
  });
}
