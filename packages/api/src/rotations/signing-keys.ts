/**
 * Exchanges the key that signs launches. The new one is known to every Stack before it signs, and the old one is known
 * until the last assertion that it signed has ended: at no moment is an assertion signed with a key that a Stack that
 * takes part does not know.
 */
import { ASSERTION_TTL_SECONDS } from "@kombify/agent-contract";
import { signingKeys } from "@kombify/db/schema";
import { and, gte, isNull, sql } from "drizzle-orm";
import {
  activateSigningKey,
  addSigningKey,
  retireSigningKeysBefore,
  SIGNER_MAX_AGE_MS,
} from "../identity/signing-keys.ts";
import { type LaggingInstance, readDesiredRevisions, readLagging } from "../instances/lagging.ts";
import { raiseRevisions } from "../instances/raise-revisions.ts";
import type { Rotation, RotationRun } from "./rotation.ts";

interface Times {
  /** How often it looks who has applied the document. Milliseconds. */
  lookMs: number;
  /** Instances that are away are waited for so long; they pull the new document before they can be launched into. */
  patienceMs: number;
  /** From activation until nothing is under way that the old key signed. Milliseconds. */
  overlapMs: number;
}
const DEFAULT_TIMES: Times = {
  lookMs: 5_000,
  patienceMs: 15 * 60_000,
  // A process that missed the news, the life of an assertion, and half a minute for clocks that differ.
  overlapMs: SIGNER_MAX_AGE_MS + ASSERTION_TTL_SECONDS * 1000 + 30_000,
};

function newKidOf(rotation: RotationRun): string {
  const kid = rotation.notes?.kid;
  if (typeof kid !== "string")
    throw new Error("This rotation does not know which key it made. Cancel it and begin anew.");
  return kid;
}

const NAMED = 5;
/** "berlin-1, lisbon-2 (offline) and 3 more" */
function namesOf(instances: readonly LaggingInstance[]): string {
  const named = instances
    .slice(0, NAMED)
    .map(({ name, connection }) => (connection === "connected" ? name : `${name} (${connection})`));
  return named.join(", ") + (instances.length > NAMED ? ` and ${instances.length - NAMED} more` : "");
}

export function createSigningKeysRotation(times: Times = DEFAULT_TIMES): Rotation {
  return {
    kind: "signing-keys",
    title: "Signing keys of launches",
    everyDays: 90,
    effects: [
      "Makes a new key, tells every Stack of it, and signs launches with it when they know it.",
      "Launches go on meanwhile. It takes about 3 minutes; up to 15 more while a Stack is away.",
    ],
    inUseSince: async (ctx) => {
      const [row] = await ctx.db.read<{ at: Date | null }>(
        (sql) => sql`select max(activated_at) as at from signing_keys where retired_at is null`,
      );
      return row?.at ?? null;
    },
    cancel: (ctx, rotation) =>
      ctx.db.transaction(async (tx) => {
        await tx
          .update(signingKeys)
          .set({ retiredAt: sql`clock_timestamp()` })
          .where(
            and(
              isNull(signingKeys.activatedAt),
              isNull(signingKeys.retiredAt),
              gte(signingKeys.createdAt, rotation.startedAt),
            ),
          );
        await raiseRevisions(tx);
      }),
    steps: [
      {
        name: "A new key is made",
        run: (ctx, rotation) =>
          ctx.db.transaction(async (tx) => {
            // After a crash between making it and noting it, the one that was made is taken.
            const [made] = await tx
              .select({ kid: signingKeys.kid })
              .from(signingKeys)
              .where(and(isNull(signingKeys.retiredAt), gte(signingKeys.createdAt, rotation.startedAt)));
            const kid = made?.kid ?? (await addSigningKey(tx, ctx.can.sealer, null));
            await raiseRevisions(tx);
            return { isDone: true, detail: `Its kid is ${kid}.`, notes: { kid } };
          }),
      },
      {
        name: "Every Stack knows it",
        run: (ctx, rotation) =>
          ctx.db.transaction(async (tx) => {
            const { revisions, since } = (rotation.notes?.stacks ?? {}) as {
              revisions?: Record<string, number>;
              since?: number;
            };
            // What is desired of an instance now is at least what the new key raised it to.
            if (!revisions) {
              const stacks = { revisions: await readDesiredRevisions(tx), since: Date.now() };
              const detail = "Every Stack pulls its new document.";
              const retryAfterMs = Object.keys(stacks.revisions).length === 0 ? 0 : times.lookMs;
              return { isDone: false, retryAfterMs, detail, notes: { stacks } };
            }
            const lagging = await readLagging(tx, revisions);
            const count = Object.keys(revisions).length;
            if (lagging.length === 0) return { isDone: true, notes: { stacks: {} } };
            const isOver = Date.now() - (since ?? 0) > times.patienceMs;
            const present = lagging.filter(({ connection }) => connection === "connected");
            if (!isOver) {
              const detail = `${count - lagging.length} of ${count} Stacks have it. Waits for ${namesOf(lagging)}.`;
              return { isDone: false, retryAfterMs: times.lookMs, detail };
            }
            if (present.length > 0)
              throw new Error(
                `${namesOf(present)}: connected, but has not applied its newest document. Look at its tenants and its agent's log; until then launches go on with the old key.`,
              );
            const detail = `Not waited for any longer: ${namesOf(lagging)}. They pull it when they come back.`;
            return { isDone: true, detail, notes: { stacks: {} } };
          }),
      },
      {
        name: "Launches are signed with it",
        noReturn: "Launches are signed with the new key already. To take it back, exchange the keys again.",
        async run(ctx, rotation) {
          await ctx.db.transaction((tx) => activateSigningKey(tx, newKidOf(rotation)));
          return { isDone: true, notes: { activatedAt: Date.now() } };
        },
      },
      {
        name: "The old key is retired",
        noReturn: "Launches are signed with the new key already. To take it back, exchange the keys again.",
        async run(ctx, rotation) {
          const leftMs = Number(rotation.notes?.activatedAt ?? 0) + times.overlapMs - Date.now();
          if (leftMs > 0) {
            const detail = "Waits until every launch that the old key signed has ended.";
            return { isDone: false, retryAfterMs: leftMs, detail };
          }
          const retired = await ctx.db.transaction(async (tx) => {
            const count = await retireSigningKeysBefore(tx, newKidOf(rotation));
            await raiseRevisions(tx);
            return count;
          });
          return { isDone: true, detail: `${retired} retired; Stacks forget it with their next document.` };
        },
      },
    ],
  };
}
