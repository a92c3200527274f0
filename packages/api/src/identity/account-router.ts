import { z } from "zod";
import { foundingProcedure, userProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { changePassword } from "./change-password.ts";
import { endOtherSessions, endSession, listSessions } from "./own-sessions.ts";
import { requestReset, resetPassword } from "./reset-password.ts";
import {
  beginSecondFactorInput,
  changePasswordInput,
  codeInput,
  enrolmentView,
  profileInput,
  requestResetInput,
  resetPasswordInput,
  secondFactorView,
  sessionInput,
  sessionView,
  userView,
} from "./schemas.ts";
import {
  beginSecondFactor,
  disableSecondFactor,
  enableSecondFactor,
  readEnrolment,
  readSecondFactor,
  renewRecoveryCodes,
} from "./second-factors.ts";
import { updateProfile } from "./update-profile.ts";

const ok = z.object({ ok: z.literal(true) });
const OK = { ok: true as const };
const newCodes = z.object({ recoveryCodes: z.array(z.string()) });

const over = (method: "GET" | "POST" | "PATCH" | "DELETE", path: `/api/auth/${string}`, summary: string) => ({
  openapi: { method, path, tags: ["account"], summary },
});

/** What people do about their own account, in the Cloud portal and, over tRPC, in the Admin center. */
export const accountRouter = router({
  updateProfile: userProcedure
    .meta(over("PATCH", "/api/auth/profile", "Change what you are called"))
    .input(profileInput)
    .output(z.object({ user: userView }))
    .mutation(async ({ ctx, input }) => ({ user: await updateProfile(ctx, input) })),

  sessions: userProcedure
    .meta(over("GET", "/api/auth/sessions", "Where you are signed in"))
    .input(z.void())
    .output(z.object({ items: z.array(sessionView) }))
    .query(async ({ ctx }) => ({ items: await listSessions(ctx) })),

  endSession: userProcedure
    .meta(over("DELETE", "/api/auth/sessions/{id}", "Sign one browser out"))
    .input(sessionInput)
    .output(ok)
    .mutation(async ({ ctx, input }) => {
      await endSession(ctx, input);
      return OK;
    }),

  endOtherSessions: userProcedure
    .meta(over("POST", "/api/auth/sessions/end-others", "Sign out every browser but this one"))
    .input(z.void())
    .output(z.object({ ended: z.int() }))
    .mutation(({ ctx }) => endOtherSessions(ctx)),

  changePassword: userProcedure
    .meta(over("POST", "/api/auth/password", "Change your password"))
    .input(changePasswordInput)
    .output(ok)
    .mutation(async ({ ctx, input }) => {
      await changePassword(ctx, input);
      return OK;
    }),

  requestReset: foundingProcedure
    .meta(over("POST", "/api/auth/reset", "Ask for a link to choose a new password"))
    .input(requestResetInput)
    .output(ok)
    .mutation(async ({ ctx, input }) => {
      await requestReset(ctx, input);
      return OK;
    }),

  resetPassword: foundingProcedure
    .meta(over("POST", "/api/auth/reset/confirm", "Choose a new password by a link"))
    .input(resetPasswordInput)
    .output(ok)
    .mutation(async ({ ctx, input }) => {
      await resetPassword(ctx, input);
      return OK;
    }),

  secondFactor: userProcedure
    .meta(over("GET", "/api/auth/second-factor", "Whether two-step sign-in is on"))
    .input(z.void())
    .output(secondFactorView)
    .query(({ ctx }) => readSecondFactor(ctx)),

  beginSecondFactor: userProcedure
    .meta(over("POST", "/api/auth/second-factor/begin", "Begin to set up two-step sign-in"))
    .input(beginSecondFactorInput)
    .output(ok)
    .mutation(async ({ ctx, input }) => {
      await beginSecondFactor(ctx, input);
      return OK;
    }),

  enrolment: userProcedure
    .meta(over("GET", "/api/auth/second-factor/enrolment", "What to show to an authenticator app"))
    .input(z.void())
    .output(enrolmentView.nullable())
    .query(({ ctx }) => readEnrolment(ctx)),

  enableSecondFactor: userProcedure
    .meta(over("POST", "/api/auth/second-factor/enable", "Turn two-step sign-in on with a first code"))
    .input(codeInput)
    .output(newCodes)
    .mutation(async ({ ctx, input }) => ({ recoveryCodes: await enableSecondFactor(ctx, input) })),

  disableSecondFactor: userProcedure
    .meta(over("POST", "/api/auth/second-factor/disable", "Turn two-step sign-in off"))
    .input(codeInput)
    .output(ok)
    .mutation(async ({ ctx, input }) => {
      await disableSecondFactor(ctx, input);
      return OK;
    }),

  renewRecoveryCodes: userProcedure
    .meta(over("POST", "/api/auth/second-factor/recovery-codes", "Make new recovery codes"))
    .input(codeInput)
    .output(newCodes)
    .mutation(async ({ ctx, input }) => ({ recoveryCodes: await renewRecoveryCodes(ctx, input) })),
});
