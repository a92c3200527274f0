import type { UserContext } from "../context.ts";
import { ID_TOKEN_PURPOSE } from "./sessions.ts";

/**
 * Where a browser goes to be signed out at the provider too, after its session here has ended. Look before it ends.
 * The address holds the ID token, since providers want to see in a navigation whose session it is: it opens nothing here,
 * and is handed to nobody but the one who issued it.
 * @returns null for a session that did not come from a provider, or whose provider is away.
 */
export async function findProviderLogOut(ctx: UserContext): Promise<string | null> {
  const [session] = await ctx.db.read<{ issuer: string | null; sealedIdToken: string | null }>(
    (sql) =>
      sql`select idp_issuer as issuer, sealed_id_token as "sealedIdToken" from sessions where id = ${ctx.session.id}`,
  );
  if (!session?.issuer || !session.sealedIdToken) return null;
  // Sealed with a key that is gone: signing out here must work all the same.
  const idToken = await ctx.can.sealer.open(ID_TOKEN_PURPOSE, session.sealedIdToken).catch(() => null);
  return idToken === null ? null : ctx.can.oidc.endSession(session.issuer, idToken);
}
