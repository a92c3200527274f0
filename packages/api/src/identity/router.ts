import { ServiceError } from "@kombify/agent-contract";
import { z } from "zod";
import type { Audience } from "../context.ts";
import { foundingProcedure, publicProcedure, staffProcedure, userProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { confirmSecondFactor, isChallenged } from "./confirm-second-factor.ts";
import { listMemberships } from "./list-memberships.ts";
import { codeInput, loginInput, meView, secondFactorAsked, staffView, userView } from "./schemas.ts";
import { login, logout, logoutStaff } from "./service.ts";

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
    .output(ok)
    .mutation(async ({ ctx }) => {
      await logout(ctx);
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
