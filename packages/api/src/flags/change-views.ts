/** Reading changes that wait, and what became of those that no longer do. */
import { ServiceError } from "@kombify/agent-contract";
import type { Sql } from "postgres";
import type { z } from "zod";
import type { UserContext } from "../context.ts";
import { decodeCursor, encodeCursor, pageOfRows } from "../page.ts";
import { summaryOf } from "./change-summary.ts";
import type { FlagChangeView, flagChangesInput, flagChangesView } from "./schemas.ts";

type Row = Omit<FlagChangeView, "summary"> & Parameters<typeof summaryOf>[0];

/** A row of `flags` as its history would have it: see snapshotOf in flag-state.ts. */
const snapshot = (sql: Sql) => sql`jsonb_build_object('description', f.description, 'owner', f.owner, 'kind', f.kind,
  'lifetime', f.lifetime, 'expiresAt', f.expires_at, 'isSensitive', f.is_sensitive, 'state', f.state, 'variants', f.variants,
  'defaultVariant', f.default_variant, 'targeting', f.targeting, 'metadata', f.metadata, 'offVariant', f.off_variant,
  'prerequisites', f.prerequisites, 'killedAt', f.killed_at, 'killedReason', f.killed_reason, 'fileExtras', f.file_extras)`;

/**
 * What a change is told against is the flag as it was when it was asked for. One that other systems' history brought, and
 * that nobody has changed since, has no such version: it is as it was.
 */
const columns = (sql: Sql, userId: string) => sql`
  c.id, c.flag_key as "flagKey", c.kind, c.proposal, c.note, c.needs_approval as "needsApproval", c.scheduled_at as "scheduledAt",
  c.state, c.reason, c.requested_by_name as "requestedByName", c.requested_by is not distinct from ${userId}::uuid as "isMine",
  c.requested_at as "requestedAt", c.decided_by_name as "decidedByName", c.decided_at as "decidedAt", c.finished_at as "finishedAt",
  case when v.id is not null then v.snapshot when f.id is not null then ${snapshot(sql)} end as before, t.slug as tenant
  from flag_changes c
    left join flag_versions v on v.noun = 'flag' and v.key = c.flag_key and v.version = c.base_version
    left join flags f on f.key = c.flag_key and f.version = c.base_version
    left join tenants t on c.kind = 'override' and t.id::text = c.proposal ->> 'tenantId'`;

const viewOf = ({ proposal, before, tenant, ...row }: Row): FlagChangeView => ({
  ...row,
  summary: summaryOf({ kind: row.kind, proposal, before, tenant }),
});

/** A page of changes, the latest first. */
export async function listFlagChanges(
  ctx: UserContext,
  input: z.output<typeof flagChangesInput>,
): Promise<z.output<typeof flagChangesView>> {
  const cursor = input.cursor ? decodeCursor(input.cursor) : null;
  const rows = await ctx.db.read<Row>(
    (sql) => sql`select ${columns(sql, ctx.session.user.id)}
      where (${input.key ?? null}::text is null or c.flag_key = ${input.key ?? null})
        and (${input.show === "all"} or c.state in ('waiting_for_approval', 'scheduled'))
        and (${cursor?.id ?? null}::uuid is null or c.id < ${cursor?.id ?? null}::uuid)
      order by c.id desc limit ${input.limit + 1}`,
  );
  const page = pageOfRows(rows, input.limit, (row) => encodeCursor("", row.id));
  return { ...page, items: page.items.map(viewOf) };
}

/** @throws ServiceError NOT_FOUND */
export async function readFlagChange(ctx: UserContext, id: string): Promise<FlagChangeView> {
  const [row] = await ctx.db.read<Row>((sql) => sql`select ${columns(sql, ctx.session.user.id)} where c.id = ${id}`);
  if (!row) throw new ServiceError("NOT_FOUND", "There is no such change.");
  return viewOf(row);
}
