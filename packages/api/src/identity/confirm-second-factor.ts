import { recoveryCodes } from "@kombify/db/schema";
import { and, eq, isNull } from "drizzle-orm";
import type { z } from "zod";
import type { Audience, VerbContext } from "../context.ts";
import { queueMail } from "../mail/queue-mail.ts";
import { acceptCode, wrongCode } from "./accept-code.ts";
import { challengeEnded, countFailure, findChallenged, lockChallenge, useChallenge } from "./challenges.ts";
import { recoveryCodeUsedMail, wrongCodesMail } from "./mails.ts";
import type { codeInput, UserView } from "./schemas.ts";
import { startSession } from "./service.ts";

type SecondStep = VerbContext & { responseHeaders: Headers; audience: Audience; challengeToken: string | null };

/** Whether this browser has to show a second factor now. */
export const isChallenged = async (ctx: SecondStep): Promise<boolean> =>
  (await findChallenged(ctx, ctx.challengeToken)) !== null;

/**
 * Takes the second step of signing in and starts the session.
 * @throws ServiceError FORBIDDEN (401) for a wrong code, PRECONDITION when the first step has to be taken again,
 * LIMIT_REACHED
 */
export async function confirmSecondFactor(ctx: SecondStep, { code }: z.output<typeof codeInput>): Promise<UserView> {
  const token = ctx.challengeToken;
  const person = await findChallenged(ctx, token);
  if (token === null || person === null) throw challengeEnded();
  const { id, email } = person;
  await ctx.can.throttle.consume("second-factor", id);
  const outcome = await ctx.db.transaction(async (tx) => {
    if (!(await lockChallenge(tx, id, token))) return "ended";
    const kind = await acceptCode(tx, ctx.can, id, code);
    if (kind === null) {
      const isLast = await countFailure(tx, token);
      if (isLast) await queueMail(tx, ctx.can, wrongCodesMail(person, ctx.can.urls.cloud));
      return isLast ? "ended" : "wrong";
    }
    await useChallenge(tx, token);
    if (kind === "recovery") {
      const left = await tx.$count(recoveryCodes, and(eq(recoveryCodes.userId, id), isNull(recoveryCodes.usedAt)));
      await queueMail(tx, ctx.can, recoveryCodeUsedMail(person, left, ctx.can.urls.cloud));
    }
    return { cookie: await startSession(tx, ctx, person) };
  });
  if (outcome === "wrong") throw wrongCode(401);
  if (outcome === "ended") throw challengeEnded();
  await ctx.can.throttle.reset("second-factor", id);
  ctx.responseHeaders.append("Set-Cookie", outcome.cookie);
  ctx.responseHeaders.append("Set-Cookie", ctx.can.challengeCookie.blank());
  return { id, email, name: person.name };
}
