/**
 * The secrets that prove where events come from. A provider has two while one is exchanged: an event signed with either
 * is taken. They are kept sealed, and never shown again.
 */
import { newId, notifyChange, type Transaction } from "@kombify/db";
import { webhookSecrets } from "@kombify/db/schema";
import { and, asc, eq, inArray, isNull, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record.ts";
import type { VerbContext } from "../context.ts";
import { WEBHOOK_PROVIDER_NAMES, type WebhookProvider, type WebhookSecretView } from "./schemas.ts";

const PURPOSE = "webhook_secrets.sealed_secret";

/** Secrets in use, of one provider or of all, oldest first. */
export const readSecrets = (ctx: VerbContext, provider?: WebhookProvider): Promise<WebhookSecretView[]> =>
  ctx.db.read<WebhookSecretView>(
    (sql) => sql`select id, provider, created_at as "createdAt", seen_at as "seenAt" from webhook_secrets
      where retired_at is null and provider = coalesce(${provider ?? null}::text, provider) order by created_at, id`,
  );

/** The same, opened. For the system alone. */
export async function openSecrets(
  ctx: VerbContext,
  provider: WebhookProvider,
): Promise<{ id: string; secret: string; seenAt: Date | null }[]> {
  const rows = await ctx.db.read<{ id: string; sealed: string; seenAt: Date | null }>(
    (sql) => sql`select id, sealed_secret as sealed, seen_at as "seenAt" from webhook_secrets
      where retired_at is null and provider = ${provider} order by created_at desc, id`,
  );
  return Promise.all(
    rows.map(async ({ sealed, ...row }) => ({ ...row, secret: await ctx.can.sealer.open(PURPOSE, sealed) })),
  );
}

/**
 * Enters the next secret of a provider. One that was entered before and that no event was signed with is replaced, so
 * that a mistyped one can be entered again; the one in use goes on.
 */
export async function addWebhookSecret(
  tx: Transaction,
  ctx: VerbContext,
  { provider, secret }: { provider: WebhookProvider; secret: string },
): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('kombify webhook secret'), hashtext(${provider}))`);
  const [inUse, ...later] = await tx
    .select({ id: webhookSecrets.id, seenAt: webhookSecrets.seenAt })
    .from(webhookSecrets)
    .where(and(eq(webhookSecrets.provider, provider), isNull(webhookSecrets.retiredAt)))
    .orderBy(asc(webhookSecrets.createdAt), asc(webhookSecrets.id));
  await retireSecrets(
    tx,
    later.filter(({ seenAt }) => seenAt === null).map(({ id }) => id),
  );
  const id = newId();
  const sealedSecret = await ctx.can.sealer.seal(PURPOSE, secret);
  await tx.execute(
    sql`insert into webhook_secrets (id, provider, sealed_secret) values (${id}, ${provider}, ${sealedSecret})`,
  );
  await recordAudit(tx, ctx, {
    action: "webhooks.addSecret",
    targetKind: "webhook-secret",
    targetId: id,
    summary: `Entered ${inUse ? "the next" : "the first"} secret of ${WEBHOOK_PROVIDER_NAMES[provider]}'s events`,
  });
  await notifyChange(tx, { noun: "webhooks", id });
}

/** Events signed with these are refused from now on. */
export async function retireSecrets(tx: Transaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx
    .update(webhookSecrets)
    .set({ retiredAt: sql`clock_timestamp()` })
    .where(inArray(webhookSecrets.id, [...ids]));
  for (const id of ids) await notifyChange(tx, { noun: "webhooks", id });
}

/** Writes down that an event came signed with this secret. */
export async function markSeen(tx: Transaction, id: string): Promise<void> {
  await tx
    .update(webhookSecrets)
    .set({ seenAt: sql`clock_timestamp()` })
    .where(and(eq(webhookSecrets.id, id), isNull(webhookSecrets.seenAt)));
  await notifyChange(tx, { noun: "webhooks", id });
}
