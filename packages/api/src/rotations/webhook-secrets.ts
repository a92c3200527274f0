/**
 * Exchanges the secret that a provider signs its events with. Zitadel makes its signing key itself and shows it once, so
 * nothing is invented here: the schedule reminds, staff enter what the provider made, and events signed with either are
 * taken until the new one has been seen.
 */
import type { VerbContext } from "../context.ts";
import { WEBHOOK_PROVIDER_NAMES, WEBHOOK_PROVIDERS, type WebhookSecretView } from "../webhooks/schemas.ts";
import { readSecrets, retireSecrets } from "../webhooks/secrets.ts";
import type { Rotation } from "./rotation.ts";

interface Times {
  /** How often it looks. Milliseconds. */
  lookMs: number;
  /** The old secret is taken for so long after the new one was seen: events that are under way. Milliseconds. */
  graceMs: number;
}
const DEFAULT_TIMES: Times = { lookMs: 30_000, graceMs: 15 * 60_000 };

interface InExchange {
  name: string;
  newest: WebhookSecretView | null;
  older: WebhookSecretView[];
}

async function readInExchange(ctx: VerbContext): Promise<InExchange[]> {
  const secrets = await readSecrets(ctx);
  return WEBHOOK_PROVIDERS.map((provider) => {
    const [newest = null, ...older] = secrets.filter((secret) => secret.provider === provider).toReversed();
    return { name: WEBHOOK_PROVIDER_NAMES[provider], newest, older };
  });
}

const namesOf = (providers: readonly InExchange[]) => providers.map(({ name }) => name).join(", ");

export function createWebhookSecretsRotation(times: Times = DEFAULT_TIMES): Rotation {
  return {
    kind: "webhook-secrets",
    title: "Secrets of events from other systems",
    everyDays: 180,
    effects: [
      "Asks for the next secret, which the provider makes and shows once, and takes events signed with either.",
      "No event is refused. It ends a quarter of an hour after the first event that is signed with the new secret.",
    ],
    inUseSince: async (ctx) => {
      const secrets = await readSecrets(ctx);
      const inUse = secrets.findLast(({ seenAt }) => seenAt !== null) ?? secrets[0];
      return inUse?.createdAt ?? null;
    },
    // The next secret, which no event was signed with, is forgotten; the one in use goes on.
    cancel: async (ctx) => {
      const providers = await readInExchange(ctx);
      const unseen = providers.flatMap(({ newest, older }) =>
        newest && newest.seenAt === null && older.length > 0 ? [newest.id] : [],
      );
      await ctx.db.transaction((tx) => retireSecrets(tx, unseen));
    },
    steps: [
      {
        name: "The new secret is entered",
        async run(ctx, { startedAt }) {
          const missing = (await readInExchange(ctx)).filter(
            ({ newest, older }) => older.length === 0 && !(newest && newest.createdAt >= startedAt),
          );
          if (missing.length === 0) return { isDone: true, detail: "Events signed with either secret are taken." };
          const detail = `Waits for the new secret from ${namesOf(missing)}: make it there and enter it under Settings, or with "npm run kombify -- webhooks secret".`;
          return { isDone: false, retryAfterMs: times.lookMs, detail };
        },
      },
      {
        name: "Events come signed with it",
        async run(ctx) {
          const unseen = (await readInExchange(ctx)).filter(({ newest }) => newest && newest.seenAt === null);
          if (unseen.length === 0) return { isDone: true };
          const detail = `Waits for the first event that ${namesOf(unseen)} signs with it. Until then nothing is retired.`;
          return { isDone: false, retryAfterMs: times.lookMs, detail };
        },
      },
      {
        name: "The old secret is retired",
        noReturn: "Events come signed with the new secret already. To take it back, exchange it again.",
        async run(ctx) {
          const providers = await readInExchange(ctx);
          const seenAt = Math.max(0, ...providers.map(({ newest }) => newest?.seenAt?.getTime() ?? 0));
          const leftMs = seenAt + times.graceMs - Date.now();
          const old = providers.flatMap(({ newest, older }) => (newest?.seenAt ? older.map(({ id }) => id) : []));
          if (old.length > 0 && leftMs > 0)
            return { isDone: false, retryAfterMs: leftMs, detail: "Waits for events that are under way." };
          await ctx.db.transaction((tx) => retireSecrets(tx, old));
          return { isDone: true, detail: `${old.length} retired.` };
        },
      },
    ],
  };
}
