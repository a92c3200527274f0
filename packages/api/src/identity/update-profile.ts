import { notifyChange } from "@kombify/db";
import { users } from "@kombify/db/schema";
import { eq } from "drizzle-orm";
import type { z } from "zod";
import type { AccountContext } from "../context.ts";
import { auditOwn } from "./own-account.ts";
import type { profileInput, UserView } from "./schemas.ts";

/** Changes what a person is called. */
export async function updateProfile(ctx: AccountContext, { name }: z.output<typeof profileInput>): Promise<UserView> {
  const { id, email } = ctx.session.user;
  await ctx.db.transaction(async (tx) => {
    await tx.update(users).set({ name }).where(eq(users.id, id));
    // Sessions are remembered together with the name.
    await notifyChange(tx, { noun: "sessions", id });
    await auditOwn(tx, ctx, "identity.updateProfile", `is called ${name} now`);
  });
  ctx.can.sessions.forget(id);
  return { id, email, name };
}
