import { ServiceError } from "@kombify/agent-contract";
import type { Transaction, UserId } from "@kombify/db";
import { recoveryCodes, secondFactors } from "@kombify/db/schema";
import { and, eq, isNotNull, isNull } from "drizzle-orm";
import type { Capabilities } from "../context.ts";
import { acceptedStep, asSixDigits, hashRecoveryCode } from "./one-time-codes.ts";

export const SECOND_FACTOR_PURPOSE = "second_factors.sealed_secret";

/**
 * Takes a code of a person's second factor, which is worth nothing from then on. The row's lock lets one attempt at a
 * time through, so that of many with the same code one is taken.
 * @returns what kind of code it was, or null for a wrong one, a used one, and somebody without a second factor.
 */
export async function acceptCode(
  tx: Transaction,
  can: Pick<Capabilities, "sealer">,
  userId: UserId,
  typed: string,
): Promise<"app" | "recovery" | null> {
  const [factor] = await tx
    .select()
    .from(secondFactors)
    .where(and(eq(secondFactors.userId, userId), isNotNull(secondFactors.confirmedAt)))
    .for("update");
  if (!factor) return null;
  const digits = asSixDigits(typed);
  if (digits !== null) {
    const secret = await can.sealer.open(SECOND_FACTOR_PURPOSE, factor.sealedSecret);
    const lastStep = acceptedStep(secret, digits, factor.lastStep);
    if (lastStep === null) return null;
    await tx.update(secondFactors).set({ lastStep }).where(eq(secondFactors.userId, userId));
    return "app";
  }
  const used = await tx
    .update(recoveryCodes)
    .set({ usedAt: new Date() })
    .where(
      and(
        eq(recoveryCodes.userId, userId),
        eq(recoveryCodes.codeHash, hashRecoveryCode(typed)),
        isNull(recoveryCodes.usedAt),
      ),
    )
    .returning({ userId: recoveryCodes.userId });
  return used.length > 0 ? "recovery" : null;
}

/** @param status 401 where somebody signs in; 403 where somebody who is signed in has to show a code once more. */
export function wrongCode(status: 401 | 403): ServiceError {
  const message = "This code is wrong or was used already. Enter the one that your app shows now.";
  return new ServiceError("FORBIDDEN", message, { status, fields: [{ path: "code", message }] });
}
