import { z } from "zod";
import { userProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { createToken, listTokens, revokeToken } from "./personal-tokens.ts";
import { createTokenInput, madeTokenView, tokenView } from "./token-schemas.ts";

const tags = ["tokens"];

/** Personal access tokens. For sessions alone: a token can neither make nor see tokens. */
export const tokensRouter = router({
  create: userProcedure
    .meta({
      successStatus: 201,
      openapi: {
        method: "POST",
        path: "/api/tokens",
        tags,
        summary: "A personal access token; the secret is shown once",
      },
    })
    .input(createTokenInput)
    .output(madeTokenView)
    .mutation(({ ctx, input }) => createToken(ctx, input)),

  list: userProcedure
    .meta({ openapi: { method: "GET", path: "/api/tokens", tags, summary: "The caller's access tokens" } })
    .input(z.void())
    .output(z.object({ items: z.array(tokenView) }))
    .query(async ({ ctx }) => ({ items: await listTokens(ctx) })),

  revoke: userProcedure
    .meta({ openapi: { method: "DELETE", path: "/api/tokens/{id}", tags, summary: "Ends an access token at once" } })
    .input(z.strictObject({ id: z.uuid() }))
    .output(z.object({ ok: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      await revokeToken(ctx, input.id);
      return { ok: true as const };
    }),
});
