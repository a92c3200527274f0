import type { Transaction } from "@kombify/db";
import { notifyChange } from "@kombify/db";
import { webhookEvents } from "@kombify/db/schema";
import { eq, sql } from "drizzle-orm";
import type { VerbContext } from "../context.ts";
import { type CutOff, cutOff } from "./cut-off.ts";
import type { ZitadelEvent } from "./zitadel-event.ts";

/** What each type that we act on does, and the type that takes it back. Others are kept and nothing is done. */
const CUTTING: Record<string, { isClosed: boolean; takenBackBy: string | null }> = {
  "user.deactivated": { isClosed: true, takenBackBy: "user.reactivated" },
  "user.locked": { isClosed: false, takenBackBy: "user.unlocked" },
  "user.removed": { isClosed: true, takenBackBy: null },
  "org.deactivated": { isClosed: true, takenBackBy: "org.reactivated" },
  "org.removed": { isClosed: true, takenBackBy: null },
};

interface StoredEvent extends Record<string, unknown> {
  id: string;
  type: string;
  payload: ZitadelEvent;
}

/** Events of the same thing. */
const sameAggregate = ({ instanceID, aggregateType, aggregateID }: ZitadelEvent) => sql`provider = 'zitadel'
  and payload->>'instanceID' = ${instanceID} and payload->>'aggregateType' = ${aggregateType} and payload->>'aggregateID' = ${aggregateID}`;

/** Zitadels among the configured providers: those with a project. */
function zitadelIssuers({ can }: VerbContext): string[] {
  const issuers = can.oidcProviders.filter(({ projectId }) => projectId !== undefined).map(({ issuer }) => issuer);
  if (issuers.length === 0)
    throw new Error(
      "No provider in OIDC_PROVIDERS has a projectId, so nobody knows whose accounts these events are of.",
    );
  return issuers;
}

/** When the account was opened again, if a later event says so; what began since is then left alone. */
async function takenBackAt(tx: Transaction, event: ZitadelEvent, by: string | null): Promise<Date | null> {
  if (by === null) return null;
  const [later] = await tx.execute<{ at: string }>(sql`
    select payload->>'created_at' as at from webhook_events where ${sameAggregate(event)} and type = ${by}
      and (payload->>'sequence')::numeric > ${event.sequence}::numeric order by (payload->>'sequence')::numeric limit 1`);
  const at = new Date(later?.at ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? null : at;
}

/** The accounts that an event is about. Removing an organisation says nothing of its people one by one. */
async function accountsOf(
  tx: Transaction,
  { aggregateType, aggregateID }: ZitadelEvent,
  issuers: readonly string[],
): Promise<{ issuer: string; subject: string }[]> {
  if (aggregateType === "user") return issuers.map((issuer) => ({ issuer, subject: aggregateID }));
  return tx.execute<{ issuer: string; subject: string }>(
    sql`select issuer, subject from oidc_identities where org_id = ${aggregateID} and issuer in ${issuers} order by issuer, subject`,
  );
}

async function act(tx: Transaction, ctx: VerbContext, { type, payload }: StoredEvent): Promise<void> {
  const cutting = CUTTING[type];
  if (!cutting) return;
  const until = await takenBackAt(tx, payload, cutting.takenBackBy);
  for (const account of await accountsOf(tx, payload, zitadelIssuers(ctx)))
    await cutOff(tx, ctx, { ...account, reason: type, until, isClosed: cutting.isClosed } satisfies CutOff);
}

/**
 * Does what an event asks for, and what earlier events of the same thing asked for that were not done yet, in the order
 * of their sequence. Doing it twice changes nothing.
 * @throws what made it fail; it is written down with the event, and the queue tries again.
 */
export async function processEvent(ctx: VerbContext, input: { id: string }): Promise<void> {
  try {
    await ctx.db.transaction(async (tx) => {
      const [event] = await tx.execute<StoredEvent>(
        sql`select id, type, payload from webhook_events where id = ${input.id} and provider = 'zitadel'`,
      );
      if (!event) return;
      const { instanceID, aggregateType, aggregateID, sequence } = event.payload;
      const aggregate = JSON.stringify([instanceID, aggregateType, aggregateID]);
      await tx.execute(sql`select pg_advisory_xact_lock(hashtext('kombify webhook'), hashtext(${aggregate}))`);
      const due = await tx.execute<StoredEvent>(sql`
        select id, type, payload from webhook_events where ${sameAggregate(event.payload)}
          and (id = ${input.id} or (processed_at is null and (payload->>'sequence')::numeric < ${sequence}::numeric))
        order by (payload->>'sequence')::numeric`);
      for (const one of due) {
        await act(tx, ctx, one);
        await tx
          .update(webhookEvents)
          .set({ processedAt: sql`clock_timestamp()`, attempts: sql`${webhookEvents.attempts} + 1`, error: null })
          .where(eq(webhookEvents.id, one.id));
        await notifyChange(tx, { noun: "webhooks", id: one.id });
      }
    });
  } catch (error) {
    const told = error instanceof Error && "query" in error ? error.cause : error;
    await ctx.db.transaction(async (tx) => {
      await tx
        .update(webhookEvents)
        .set({
          attempts: sql`${webhookEvents.attempts} + 1`,
          error: told instanceof Error ? told.message : "Something failed on our side.",
        })
        .where(eq(webhookEvents.id, input.id));
      await notifyChange(tx, { noun: "webhooks", id: input.id });
    });
    throw told;
  }
}
