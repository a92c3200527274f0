/** The typed client: for browsers, the command line and other services. Types only of the server; no server code. */
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import superjson from "superjson";
import type { AppRouter } from "./router.ts";

export type { AppRouter } from "./router.ts";

/**
 * @param options.url of the portal's tRPC endpoint: `/trpc` in its own pages.
 * @param options.fetch to carry a cookie or another agent; the platform's own by default.
 */
export function createTrpcClient(options: { url: string; fetch?: typeof fetch }) {
  const transport = { url: options.url, transformer: superjson };
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === "subscription",
        true: httpSubscriptionLink(transport),
        false: httpBatchLink({ ...transport, ...(options.fetch ? { fetch: options.fetch } : {}) }),
      }),
    ],
  });
}
export type TrpcClient = ReturnType<typeof createTrpcClient>;
