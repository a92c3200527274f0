/** Flags as their writers write them, for tests of what follows from them. */
import type { TestDatabase } from "@kombify/db/testing";

/** Writes flags in one transaction, with the revision of the fleet, and returns that revision. */
export const writeFlags = (
  { owner }: Pick<TestDatabase, "owner">,
  flags: Record<string, { targeting?: Record<string, unknown>; variants?: Record<string, unknown>; variant?: string }>,
): Promise<number> =>
  owner.begin(async (tx) => {
    const [settings] = await tx<{ revision: number }[]>`
      update flag_settings set revision = revision + 1, changed_at = clock_timestamp() returning revision::float8 as revision`;
    const revision = settings?.revision ?? 0;
    for (const [key, { targeting = {}, variants = { on: true, off: false }, variant = "on" }] of Object.entries(flags))
      await tx`
        insert into flags (id, key, state, variants, default_variant, targeting, revision)
        values (gen_random_uuid(), ${key}, 'ENABLED', ${tx.json(variants as never)}, ${variant}, ${tx.json(targeting as never)}, ${revision})
        on conflict (key) do update set variants = excluded.variants, default_variant = excluded.default_variant,
          targeting = excluded.targeting, version = flags.version + 1, revision = excluded.revision`;
    return revision;
  });

/** Gives one tenant a variant, whatever the rules say. */
export const writeOverride = ({ owner }: Pick<TestDatabase, "owner">, key: string, tenantId: string, variant: string) =>
  owner`
    insert into flag_overrides (flag_id, tenant_id, variant) select id, ${tenantId}, ${variant} from flags where key = ${key}
    on conflict (flag_id, tenant_id) do update set variant = excluded.variant`;
