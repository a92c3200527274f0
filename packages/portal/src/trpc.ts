/** The typed client of pages that watch something. Loaded after the page is there: it is not needed to show it. */
import { createTrpcClient } from "@kombify/api/client";
import { TRPCClientError } from "@trpc/client";

export const trpc = createTrpcClient({ url: "/trpc" });
export type Trpc = typeof trpc;

/** Whether the server refused because nobody is signed in (any more). */
export function isSignedOut(error: unknown): boolean {
  return error instanceof TRPCClientError && error.data?.problem?.status === 401;
}
