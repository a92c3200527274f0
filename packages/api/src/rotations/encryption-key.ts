/**
 * Exchanges the data key. Nothing is closed meanwhile: every process opens with every key of the ring, and a text is
 * replaced only where it is still the one that was read.
 */
import { notifyChange } from "@kombify/db";
import { encryptionKeys } from "@kombify/db/schema";
import { and, inArray, isNull, ne, type SQL, sql } from "drizzle-orm";
import type { VerbContext } from "../context.ts";
import { RING_MAX_AGE_MS } from "../keyring.ts";
import type { Rotation, RotationRun } from "./rotation.ts";
import { purposeOf, SEALED_COLUMNS, type SealedColumn } from "./sealed-columns.ts";

/** Rows that one statement reads. */
const BATCH = 200;
/** How long one run of the step works before it says how far it is. Milliseconds. */
const WORK_MS = 5_000;

interface Times {
  /** After so long every process has read the ring and stored what it had sealed before. Milliseconds. */
  settleMs: number;
  /** A retired key is kept for so long before it is deleted. Milliseconds. */
  graceMs: number;
}
const DEFAULT_TIMES: Times = { settleMs: RING_MAX_AGE_MS + 60_000, graceMs: 15 * 60_000 };

/** The key that this rotation made. */
function newKeyOf(rotation: RotationRun): string {
  const id = rotation.notes?.keyId;
  if (typeof id !== "string")
    throw new Error("This rotation does not know which key it made. Cancel it and begin anew.");
  return id;
}

/** Rows of a column that are sealed with any other key. An emptied text, as of mail that was delivered, is none. */
const others = ({ table, column }: SealedColumn, keyId: string) =>
  sql`from ${sql.identifier(table)} where ${sql.identifier(column)} <> ''
    and not starts_with(${sql.identifier(column)}, ${`v2.${keyId}.`})`;

/** How many texts are sealed with any other key. */
async function countOthers(ctx: VerbContext, keyId: string): Promise<number> {
  return ctx.db.transaction(async (tx) => {
    let count = 0;
    for (const column of SEALED_COLUMNS) {
      const [row] = await tx.execute<{ count: number }>(sql`select count(*)::int as count ${others(column, keyId)}`);
      count += row?.count ?? 0;
    }
    return count;
  });
}

type Resealed = { key: string; old: string; new: string };

/**
 * Only in place of what was read: somebody may have written a newer secret meanwhile. Rows that somebody holds are left
 * for the next pass, so that nobody waits for this in a circle.
 */
const replaceTexts = (ctx: VerbContext, { table, key, keyType, column }: SealedColumn, texts: readonly Resealed[]) =>
  ctx.db.transaction((tx) => {
    const [name, id, text] = [table, key, column].map((one) => sql.identifier(one));
    return tx.execute(sql`
      with texts as (select key::${sql.raw(keyType)} as id, old, new
          from json_to_recordset(${JSON.stringify(texts)}::json) as r(key text, old text, new text)),
        held as (select t.${id} from ${name} t join texts on texts.id = t.${id} and texts.old = t.${text} for update of t skip locked)
      update ${name} t set ${text} = texts.new from texts, held
      where held.${id} = t.${id} and texts.id = t.${id} and texts.old = t.${text}`);
  });

/**
 * Seals rows of one column anew until there are none or the time is over.
 * @throws Error naming how many could not be opened; all others have been sealed anew by then.
 */
async function resealColumn(ctx: VerbContext, column: SealedColumn, keyId: string, until: number): Promise<void> {
  const key = sql.identifier(column.key);
  const type = sql.raw(column.keyType);
  const purpose = purposeOf(column);
  let unopened = 0;
  for (let after: string | null = null; Date.now() < until; ) {
    const isAfter: SQL = after === null ? sql`` : sql`and ${key} > ${after}::${type}`;
    const rows: { key: string; old: string }[] = await ctx.db.transaction((tx) =>
      tx.execute<{ key: string; old: string }>(sql`
        select ${key}::text as key, ${sql.identifier(column.column)} as old ${others(column, keyId)} ${isAfter}
        order by ${key} limit ${BATCH}`),
    );
    const texts: Resealed[] = [];
    for (const row of rows) {
      const secret = await ctx.can.keyring.open(purpose, row.old).catch(() => null);
      if (secret === null) unopened++;
      else texts.push({ ...row, new: await ctx.can.keyring.seal(purpose, secret) });
    }
    if (texts.length > 0) await replaceTexts(ctx, column, texts);
    after = rows.at(-1)?.key ?? null;
    if (rows.length < BATCH) break;
  }
  if (unopened > 0)
    throw new Error(
      `${unopened} texts in ${purpose} cannot be opened with any key. Restore them, or delete what they belong to; the old keys are kept until then.`,
    );
}

/** @returns how many are left. */
async function reseal(ctx: VerbContext, keyId: string): Promise<number> {
  const until = Date.now() + WORK_MS;
  const failures: unknown[] = [];
  for (const column of SEALED_COLUMNS)
    await resealColumn(ctx, column, keyId, until).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
  return countOthers(ctx, keyId);
}

const number = (count: number) => count.toLocaleString("en");

export function createEncryptionKeyRotation(times: Times = DEFAULT_TIMES): Rotation {
  return {
    kind: "encryption-key",
    title: "Data encryption key",
    everyDays: 180,
    effects: [
      "Makes a new key and seals every stored secret anew, in the background.",
      "Nothing is closed meanwhile. It takes about 20 minutes, most of it waiting.",
      "The key in the environment stays; how that one is exchanged is in the operations manual.",
    ],
    inUseSince: async (ctx) => {
      const [row] = await ctx.db.read<{ at: Date | null }>(
        (sql) => sql`select max(created_at) as at from encryption_keys where retired_at is null`,
      );
      return row?.at ?? null;
    },
    // What was sealed anew may stay so: both keys are in the ring.
    cancel: async () => {},
    steps: [
      {
        name: "A new data key is made",
        async run(ctx, rotation) {
          const rewrapped = await ctx.can.keyring.rewrap();
          // After a crash between making it and noting it, the one that was made is taken.
          const keyId = await ctx.db.transaction(async (tx) => {
            await tx.execute(sql`select pg_advisory_xact_lock(hashtext('kombify encryption key'))`);
            const [made] = await tx.execute<{ id: string }>(
              sql`select id from encryption_keys where retired_at is null and created_at >= ${rotation.startedAt.toISOString()} order by created_at desc limit 1`,
            );
            const id = made?.id ?? (await ctx.can.keyring.addKey(tx));
            await notifyChange(tx, { noun: "keys", id: "encryption" });
            return id;
          });
          const more = rewrapped > 0 ? ` ${rewrapped} older ones were sealed with the environment's present key.` : "";
          return { isDone: true, detail: `Its id is ${keyId}.${more}`, notes: { keyId, madeAt: Date.now() } };
        },
      },
      {
        name: "Every process seals with it",
        async run(_ctx, rotation) {
          const leftMs = Number(rotation.notes?.madeAt ?? 0) + times.settleMs - Date.now();
          if (leftMs <= 0) return { isDone: true };
          const seconds = Math.ceil(times.settleMs / 1000);
          const detail = `Every process reads the keys anew within ${seconds} seconds.`;
          return { isDone: false, retryAfterMs: leftMs, detail };
        },
      },
      {
        name: "Everything is sealed anew",
        async run(ctx, rotation) {
          const keyId = newKeyOf(rotation);
          const before = Number(rotation.notes?.total ?? (await countOthers(ctx, keyId)));
          const left = await reseal(ctx, keyId);
          if (left === 0) return { isDone: true, detail: `${number(before)} secrets were sealed anew.` };
          const detail = `${number(Math.max(0, before - left))} of ${number(before)} secrets are sealed anew.`;
          return { isDone: false, retryAfterMs: 100, detail, notes: { total: before } };
        },
      },
      {
        name: "The old keys are retired",
        noReturn: "The old keys are retired. It ends by itself.",
        async run(ctx, rotation) {
          const keyId = newKeyOf(rotation);
          const retired = await ctx.db.transaction(async (tx) => {
            const rows = await tx
              .update(encryptionKeys)
              .set({ retiredAt: sql`clock_timestamp()` })
              .where(and(ne(encryptionKeys.id, keyId), isNull(encryptionKeys.retiredAt)))
              .returning({ id: encryptionKeys.id });
            await notifyChange(tx, { noun: "keys", id: "encryption" });
            return rows.length;
          });
          return { isDone: true, detail: `${retired} retired.`, notes: { retiredAt: Date.now() } };
        },
      },
      {
        name: "The old keys are deleted",
        noReturn: "The old keys are being deleted. It ends by itself.",
        async run(ctx, rotation) {
          const keyId = newKeyOf(rotation);
          const leftMs = Number(rotation.notes?.retiredAt ?? 0) + times.graceMs - Date.now();
          if (leftMs > 0) {
            const detail = "They are kept a while for who was slow to store something.";
            return { isDone: false, retryAfterMs: leftMs, detail };
          }
          const left = await reseal(ctx, keyId);
          if (left > 0)
            return { isDone: false, retryAfterMs: 100, detail: `${number(left)} secrets are still to be sealed anew.` };
          const deleted = await ctx.db.transaction(async (tx) => {
            const old = await tx
              .select({ id: encryptionKeys.id })
              .from(encryptionKeys)
              .where(ne(encryptionKeys.id, keyId));
            const ids = old.map(({ id }) => id);
            if (ids.length > 0) await tx.delete(encryptionKeys).where(inArray(encryptionKeys.id, ids));
            await notifyChange(tx, { noun: "keys", id: "encryption" });
            return ids.length;
          });
          return { isDone: true, detail: `Nothing was sealed with them any more; ${deleted} deleted.` };
        },
      },
    ],
  };
}
