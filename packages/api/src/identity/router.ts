import { z } from "zod";
import { publicProcedure, staffProcedure, userProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { listMemberships } from "./list-memberships.ts";
import { loginInput, meView, staffView, userView } from "./schemas.ts";
import { login, logout, logoutStaff } from "./service.ts";

const ok = z.object({ ok: z.literal(true) });

/** Signing in and out, and who is signed in. Signing up makes a tenant too and is in tenants/sign-up.ts. */
export const identityRouter = router({
  login: publicProcedure
    .meta({
      openapi: { method: "POST", path: "/api/auth/login", tags: ["identity"], summary: "Sign in to the Cloud portal" },
    })
    .input(loginInput)
    .output(z.object({ user: userView }))
    .mutation(async ({ ctx, input }) => ({ user: await login(ctx, input, false) })),

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
    .output(z.object({ staff: staffView }))
    .mutation(async ({ ctx, input }) => {
      const { staffRole, ...account } = await login(ctx, input, true);
      return { staff: { ...account, role: staffRole ?? "viewer" } };
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
