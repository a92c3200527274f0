import type { TenantDetailView } from "@kombify/api/schemas";
import { useLive } from "../live/use-live.ts";

/** One homelab as it is now, and whether the page hears of changes. */
export function useHomelab(loaded: TenantDetailView) {
  return useLive<TenantDetailView>({
    key: loaded.slug,
    loaded,
    subscribe: (trpc, observer) => trpc.tenants.watch.subscribe({ slug: loaded.slug }, observer),
  });
}
