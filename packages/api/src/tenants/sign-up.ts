import { ServiceError } from "@kombify/agent-contract";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { VerbContext } from "../context.ts";
import { hashPassword } from "../identity/passwords.ts";
import { registerInput, userView } from "../identity/schemas.ts";
import { createUser, findAccount, originOf } from "../identity/service.ts";
import { foundingProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { acceptInvitationIn, joinedBefore } from "./accept-invitation.ts";
import { createTenantIn } from "./create-tenant.ts";
import { tenantView } from "./schemas.ts";

/** `ada.keller@example.org` is Ada Keller until she says otherwise. */
function defaultName(email: string): string {
  const words = (email.split("@")[0] ?? "").split(/[._-]+/).filter((word) => word !== "");
  return words.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join(" ") || "Friend";
}

/** What a homelab is called until its owner says otherwise. */
export const homelabOf = (name: string): string => `${name}'s homelab`.slice(0, 60);

/**
 * Makes a person with a homelab and places it, in one transaction, then starts a session. With an invitation the person
 * joins that homelab instead. A retry with the same `Idempotency-Key` and the same password gets the same homelab again.
 * @throws ServiceError CONFLICT when the e-mail address has an account, LIMIT_REACHED; with an invitation as
 * {@link acceptInvitationIn}
 */
export async function signUp(
  ctx: VerbContext & { responseHeaders: Headers },
  input: z.output<typeof registerInput>,
  requestKey: string | null,
) {
  await ctx.can.throttle.consume("register", ctx.request.clientAddress);
  const name = input.name ?? defaultName(input.email);
  const tenantName = input.tenantName ?? homelabOf(name);
  const passwordHash = await hashPassword(input.password);
  const result = await ctx.db
    .transaction(async (tx) => {
      const user = await createUser(tx, { email: input.email, name, passwordHash });
      const actor = { kind: "user" as const, id: user.id, name: user.name };
      await recordAudit(
        tx,
        { ...ctx, actor },
        { action: "identity.register", targetKind: "user", targetId: user.id, summary: `${name} signed up` },
      );
      const tenant = input.invitation
        ? await acceptInvitationIn(tx, { ...ctx, actor }, user, input.invitation)
        : await createTenantIn(tx, { ...ctx, actor }, { name: tenantName, ownerId: user.id, requestKey });
      return { user, tenant };
    })
    .catch(async (error: unknown) => {
      if (!requestKey || !(error instanceof ServiceError) || error.code !== "CONFLICT") throw error;
      // This tries a password like any sign-in: as often, and no further than the first step.
      const who = { address: ctx.request.clientAddress, account: input.email };
      const prove = () => findAccount(ctx, input.email, input.password);
      const account = await ctx.can.throttle.attempt("login", who, prove);
      if (!account || account.hasSecondFactor) throw error;
      const { invitation } = input;
      const tenant = await ctx.db.transaction((tx) =>
        invitation
          ? joinedBefore(tx, account.id, invitation)
          : createTenantIn(tx, ctx, { name: tenantName, ownerId: account.id, requestKey }),
      );
      if (!tenant) throw error;
      return { user: account, tenant };
    });
  ctx.responseHeaders.append("Set-Cookie", await ctx.can.sessions.start(result.user.id, originOf(ctx)));
  return result;
}

/** Part of the noun identity for callers; it stands here because signing up makes a tenant. */
export const signUpRouter = router({
  register: foundingProcedure
    .meta({
      successStatus: 201,
      openapi: {
        method: "POST",
        path: "/api/auth/register",
        tags: ["identity"],
        summary: "Sign up: a person and their homelab, placed at once",
      },
    })
    .input(registerInput)
    .output(z.object({ user: userView, tenant: tenantView }))
    .mutation(({ ctx, input }) => {
      if (ctx.audience !== "cloud") throw new ServiceError("NOT_FOUND", "There is no such procedure here.");
      return signUp(ctx, input, ctx.idempotencyKey);
    }),
});
