import { ServiceError } from "@kombify/agent-contract";
import { z } from "zod";
import type { Audience } from "../context.ts";
import { foundingProcedure, publicProcedure, staffProcedure, userProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { confirmSecondFactor, isChallenged } from "./confirm-second-factor.ts";
import { disconnectProvider, listConnections } from "./connections.ts";
import { listMemberships } from "./list-memberships.ts";
import {
  codeInput,
  connectInput,
  connectionsView,
  disconnectInput,
  loginInput,
  meView,
  providerView,
  secondFactorAsked,
  staffView,
  userView,
} from "./schemas.ts";
import { login, logout, logoutStaff } from "./service.ts";
import { connectProvider } from "./sign-in-flow.ts";

const ok = z.object({ ok: z.literal(true) });

/** What staff sign in by is not there for customers. @throws ServiceError NOT_FOUND */
function requireAdmin({ audience }: { audience: Audience }): void {
  if (audience !== "admin") throw new ServiceError("NOT_FOUND", "There is no such procedure here.");
}

/** Signing in and out, and who is signed in. Signing up makes a tenant too and is in tenants/sign-up.ts. */
export const identityRouter = router({
  login: publicProcedure
    .meta({
      openapi: { method: "POST", path: "/api/auth/login", tags: ["identity"], summary: "Sign in to the Cloud portal" },
    })
    .input(loginInput)
    .output(z.union([z.object({ user: userView }), secondFactorAsked]))
    .mutation(({ ctx, input }) => login(ctx, input)),

  challenge: foundingProcedure
    .input(z.void())
    .output(z.object({ isAsked: z.boolean() }))
    .query(async ({ ctx }) => ({ isAsked: await isChallenged(ctx) })),

  confirmSecondFactor: foundingProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/api/auth/login/second-factor",
        tags: ["identity"],
        summary: "The second step of signing in",
      },
    })
    .input(codeInput)
    .output(z.object({ user: userView }))
    .mutation(async ({ ctx, input }) => ({ user: await confirmSecondFactor(ctx, input) })),

  logout: userProcedure
    .meta({ openapi: { method: "POST", path: "/api/auth/logout", tags: ["identity"], summary: "Sign out" } })
    .input(z.void())
    // `continueAt`: where a browser goes on to be signed out at its provider as well.
    .output(ok.extend({ continueAt: z.url().nullable() }))
    .mutation(async ({ ctx }) => ({ ok: true as const, continueAt: await logout(ctx) })),

  providers: publicProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/api/auth/oidc/providers",
        tags: ["identity"],
        summary: "Where else one can sign in; go on to /api/auth/oidc/start?provider=<id>",
      },
    })
    .input(z.void())
    .output(z.object({ items: z.array(providerView) }))
    .query(({ ctx }) => ({ items: ctx.can.oidc.providers.map(({ id, name }) => ({ id, name })) })),

  connections: userProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/api/auth/connections",
        tags: ["identity"],
        summary: "Provider accounts that open the caller's account",
      },
    })
    .input(z.void())
    .output(connectionsView)
    .query(({ ctx }) => listConnections(ctx)),

  connect: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/api/auth/connections",
        tags: ["identity"],
        summary: "Begin to connect a provider; the browser goes on at the address of the answer",
      },
    })
    .input(connectInput)
    .output(z.object({ continueAt: z.url() }))
    .mutation(({ ctx, input }) => connectProvider(ctx, input)),

  disconnect: userProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: "/api/auth/connections",
        tags: ["identity"],
        summary: "Disconnect a provider; refused for the only way in",
      },
    })
    .input(disconnectInput)
    .output(ok)
    .mutation(async ({ ctx, input }) => {
      await disconnectProvider(ctx, input);
      return { ok: true as const };
    }),

  me: userProcedure
    .meta({
      tokenScope: "portal:read",
      openapi: {
        method: "GET",
        path: "/v1/portal/me",
        tags: ["identity"],
        summary: "Who is signed in, and their homelabs",
      },
    })
    .input(z.void())
    .output(meView)
    .query(async ({ ctx }) => ({ user: ctx.session.user, tenants: await listMemberships(ctx) })),

  staffLogin: publicProcedure
    .meta({
      openapi: { method: "POST", path: "/api/auth/login", tags: ["identity"], summary: "Sign in to the Admin center" },
    })
    .input(loginInput)
    .output(z.union([z.object({ staff: staffView }), secondFactorAsked]))
    .mutation(async ({ ctx, input }) => {
      requireAdmin(ctx);
      const result = await login(ctx, input);
      if (!("user" in result)) return result;
      const { staffRole, ...user } = result.user;
      return { staff: { ...user, role: staffRole ?? "viewer" } };
    }),

  staffConfirmSecondFactor: foundingProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/api/auth/login/second-factor",
        tags: ["identity"],
        summary: "The second step of signing in",
      },
    })
    .input(codeInput)
    .output(z.object({ user: userView }))
    .mutation(async ({ ctx, input }) => {
      requireAdmin(ctx);
      return { user: await confirmSecondFactor(ctx, input) };
    }),

  staffLogout: staffProcedure("staff:self")
    .meta({ openapi: { method: "POST", path: "/api/auth/logout", tags: ["identity"], summary: "Sign out" } })
    .input(z.void())
    .output(ok)
    .mutation(async ({ ctx }) => {
      await logoutStaff(ctx);
      return { ok: true as const };
    }),

  staffMe: staffProcedure("staff:self")
    .input(z.void())
    .output(z.object({ staff: staffView }))
    .query(({ ctx }) => {
      const { staffRole, ...user } = ctx.session.user;
      return { staff: { ...user, role: staffRole ?? "viewer" } };
    }),
});
