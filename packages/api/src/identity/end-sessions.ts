import { notifyChange, type Transaction, type UserId } from "@kombify/db";
import { sessions } from "@kombify/db/schema";
import { and, eq, ne } from "drizzle-orm";
import type { Audience } from "../context.ts";
import { endStackSessions } from "./end-stack-sessions.ts";

/** Which of a person's sessions: all of both portals, unless narrowed. */
interface Which {
  userId: UserId;
  audience?: Audience;
  publicId?: string;
  /** Public id of the one that stays. */
  except?: string;
}

/**
 * Ends sessions in every process, and on Stacks what was launched from them. Once the transaction has committed, call
 * `sessions.forget` so that this process need not wait for the news.
 * @returns how many there were.
 */
export async function endSessions(tx: Transaction, { userId, audience, publicId, except }: Which): Promise<number> {
  const ended = await tx
    .delete(sessions)
    .where(
      and(
        eq(sessions.userId, userId),
        audience && eq(sessions.audience, audience),
        publicId === undefined ? undefined : eq(sessions.publicId, publicId),
        except === undefined ? undefined : ne(sessions.publicId, except),
      ),
    )
    .returning({ publicId: sessions.publicId, audience: sessions.audience });
  if (ended.length > 0) await notifyChange(tx, { noun: "sessions", id: userId });
  // All of them means also what was launched from a session that has long since ended.
  if (audience === undefined && publicId === undefined && except === undefined) {
    await endStackSessions(tx, { userId });
    return ended.length;
  }
  // Nothing is launched from the Admin center.
  for (const session of ended.filter((one) => one.audience === "cloud"))
    await endStackSessions(tx, { userId, sessionId: session.publicId });
  return ended.length;
}
