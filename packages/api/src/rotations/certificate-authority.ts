/**
 * The CA is exchanged without anybody noticing: A, then A and B, then B (ADR 0022). Each step waits until whoever is left
 * behind by the next one is known to be ready.
 */
import { activateAuthority, makeAuthority, retireAuthorities, withdrawAuthority } from "../agents/change-authority.ts";
import { ageOfChange, whoLacks, whoNeeds } from "../agents/who-waits.ts";
import type { Rotation, StepResult } from "./rotation.ts";

const RETRY_MS = 1_000;
const MAX_NAMED = 5;

/** Waits for those who are named; the detail says who and what they can do. */
export function waitFor(names: readonly string[], what: string): StepResult {
  if (names.length === 0) return { isDone: true };
  const shown = names.slice(0, MAX_NAMED).join(", ");
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : "";
  return { isDone: false, retryAfterMs: RETRY_MS, detail: `Waiting until ${shown}${more} ${what}.` };
}

/** Processes are not asked: each looks at the database every few seconds, and so has heard after that time. */
const settle = (leftMs: number): StepResult | null =>
  leftMs > 0
    ? {
        isDone: false,
        retryAfterMs: Math.min(RETRY_MS, leftMs),
        detail: `Every process of the control plane has heard of it in ${Math.ceil(leftMs / 1000)} s.`,
      }
    : null;

const GATEWAY = "A gateway gets its own with `npm run kombify -- gateway certificate`; then revoke the one before";

export const certificateAuthorityRotation: Rotation = {
  kind: "certificate-authority",
  title: "Certificate authority",
  everyDays: 365,
  steps: [
    {
      name: "A new CA is made",
      run: async (ctx, { startedAt }) => {
        const fingerprint = await makeAuthority(ctx, startedAt);
        return { isDone: true, detail: `Its fingerprint begins with ${fingerprint.slice(0, 12)}.` };
      },
    },
    {
      name: "Everybody trusts the new CA",
      run: async (ctx) => {
        const { madeMs } = await ageOfChange(ctx);
        return (
          settle(ctx.can.authority.settleMs - madeMs) ??
          waitFor(await whoLacks(ctx), `trust it, or their certificates end. ${GATEWAY}`)
        );
      },
    },
    {
      name: "The new CA issues",
      noReturn: "The new CA issues certificates already. From here it only goes forward.",
      run: async (ctx) => {
        await activateAuthority(ctx);
        return { isDone: true, detail: "Agents renew their certificates now." };
      },
    },
    {
      name: "Nobody uses a certificate of the old CA",
      run: async (ctx) => {
        const { activeMs, openTokens } = await ageOfChange(ctx);
        const settling = settle(ctx.can.authority.settleMs - activeMs);
        if (settling) return settling;
        const waiting = waitFor(await whoNeeds(ctx), `use a new one, or theirs end. ${GATEWAY}`);
        if (!waiting.isDone || openTokens === 0) return waiting;
        const detail = `Waiting until ${openTokens} join tokens that name the old CA are used or end, which takes a quarter of an hour at most.`;
        return { isDone: false, retryAfterMs: RETRY_MS, detail };
      },
    },
    {
      name: "The old CA is gone",
      run: async (ctx) => {
        await retireAuthorities(ctx);
        return { isDone: true, detail: "Its key was destroyed." };
      },
    },
  ],
  cancel: (ctx, { startedAt }) => withdrawAuthority(ctx, startedAt),
  async inUseSince(ctx) {
    const [row] = await ctx.db.read<{ since: Date | null }>(
      (sql) => sql`select max(activated_at) as since from certificate_authorities where retired_at is null`,
    );
    return row?.since ?? null;
  },
};
