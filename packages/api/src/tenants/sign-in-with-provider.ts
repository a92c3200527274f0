import { createHash } from "node:crypto";
import { ServiceError } from "@kombify/agent-contract";
import type { Transaction, UserId } from "@kombify/db";
import { sql } from "drizzle-orm";
import { recordAudit } from "../audit/record.ts";
import type { Actor, VerbContext } from "../context.ts";
import { linkIdentity, lockIdentity } from "../identity/connections.ts";
import type { ProviderIdentity } from "../identity/provider-claims.ts";
import { createUser, originOf } from "../identity/service.ts";
import { SignInRefusal } from "../identity/sign-in-refusal.ts";
import { createTenantIn } from "./create-tenant.ts";
import { joinOrganisation } from "./join-organisation.ts";
import { homelabOf } from "./sign-up.ts";

type Person = { id: UserId; name: string; email: string };

/** Stands in for an address that a provider does not vouch for. Nothing is ever sent there (RFC 2606, 2). */
const NO_ADDRESS = "@no-address.invalid";
const placeholderOf = ({ provider, subject }: ProviderIdentity): string =>
  createHash("sha256")
    .update(JSON.stringify([provider.issuer, subject]))
    .digest("hex")
    .slice(0, 24) + NO_ADDRESS;

async function findPerson(tx: Transaction, identity: ProviderIdentity): Promise<Person | null> {
  const { provider, subject, organisation, email } = identity;
  const [person] = await tx.execute<Person>(sql`
    update oidc_identities i set last_seen_at = now(), org_id = ${organisation?.id ?? null} from users u
    where i.issuer = ${provider.issuer} and i.subject = ${subject} and u.id = i.user_id
    returning u.id, u.name, u.email`);
  // The provider has learned the address since.
  if (person?.email.endsWith(NO_ADDRESS) && email)
    await tx.execute(sql`update users set email = ${email}
      where id = ${person.id} and not exists (select 1 from users where email = ${email})`);
  return person ?? null;
}

/**
 * An account for somebody new. An address that has one already is refused: whoever can write an address into a
 * provider would otherwise have everybody's account here.
 */
async function makePerson(tx: Transaction, ctx: VerbContext, identity: ProviderIdentity): Promise<Person> {
  const { email, name, provider } = identity;
  const user = await createUser(tx, { email: email ?? placeholderOf(identity), name, passwordHash: null }).catch(
    (error: unknown) => {
      if (!(error instanceof ServiceError && error.code === "CONFLICT")) throw error;
      throw new SignInRefusal(
        "address-taken",
        "CONFLICT",
        `There is an account with your e-mail address. Sign in with its password, then connect ${provider.name} under Settings.`,
      );
    },
  );
  await linkIdentity(tx, user.id, identity);
  await recordAudit(
    tx,
    { ...ctx, actor: { kind: "user", id: user.id, name } },
    {
      action: "identity.register",
      targetKind: "user",
      targetId: user.id,
      summary: `${name} came from ${provider.name}`,
    },
  );
  return user;
}

/**
 * Signs in whom a provider has vouched for, known by issuer and subject alone: makes the person the first time, gives
 * them their place in the homelab of their organisation, or a homelab of their own where a provider has none.
 * @returns the homelab's address when it was made just now.
 * @throws SignInRefusal
 */
export async function signInWithProvider(
  ctx: VerbContext & { responseHeaders: Headers },
  identity: ProviderIdentity,
): Promise<{ newSlug: string | null }> {
  const { organisation, provider, sid, idToken } = identity;
  const { person, newSlug } = await ctx.db.transaction(async (tx) => {
    await lockIdentity(tx, identity);
    const known = await findPerson(tx, identity);
    const person = known ?? (await makePerson(tx, ctx, identity));
    const actor: Actor = { kind: "user", id: person.id, name: person.name };
    const asPerson = { ...ctx, actor };
    let newSlug: string | null = null;
    if (organisation) {
      const home = await joinOrganisation(tx, asPerson, person, { ...identity, organisation });
      if (home.isNew) newSlug = home.slug;
    } else if (!known)
      newSlug = (await createTenantIn(tx, asPerson, { name: homelabOf(person.name), ownerId: person.id })).slug;
    const summary = `${person.name} signed in with ${provider.name}`;
    await recordAudit(tx, asPerson, { action: "identity.login", targetKind: "user", targetId: person.id, summary });
    return { person, newSlug };
  });
  const origin = { ...originOf(ctx), provider: { issuer: provider.issuer, sid, idToken } };
  ctx.responseHeaders.append("Set-Cookie", await ctx.can.sessions.start(person.id, origin));
  return { newSlug };
}
