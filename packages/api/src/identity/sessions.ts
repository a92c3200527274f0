/**
 * Sessions of one portal, behind Lucia 3. Its session id is the sha256 of the token that the cookie carries, so the
 * table opens nothing. A valid session is remembered for a few seconds together with the person's memberships; every
 * change to either is told to all processes, and the memory is dropped at once.
 */
import { hash, randomBytes, randomUUID } from "node:crypto";
import { ServiceError } from "@kombify/agent-contract";
import { type Change, type Database, notifyChange, type UserId as PersonId, type Transaction } from "@kombify/db";
import { sessions as sessionsTable } from "@kombify/db/schema";
import { eq, lte, sql } from "drizzle-orm";
import { type Adapter, type DatabaseSession, type DatabaseUser, Lucia, TimeSpan } from "lucia";
import type { Audience, Membership, Session, Sessions } from "../context.ts";
import type { Sealer } from "../seal.ts";
import type { StaffRole } from "./schemas.ts";

declare module "lucia" {
  interface Register {
    Lucia: ReturnType<typeof createLucia>;
    UserId: PersonId;
    DatabaseUserAttributes: { email: string; name: string; staffRole: StaffRole | null; memberships: Membership[] };
    DatabaseSessionAttributes: SessionAttributes;
  }
}

export const ID_TOKEN_PURPOSE = "sessions.sealed_id_token";

interface SessionAttributes {
  audience: Audience;
  publicId: string;
  userAgent: string;
  clientAddress: string;
  idpIssuer: string | null;
  idpSid: string | null;
  sealedIdToken: string | null;
}
/** What Lucia is told of a session that it looks up; the rest is for those who begin one. */
const attributesOf = (audience: Audience, publicId: string): SessionAttributes => ({
  audience,
  publicId,
  userAgent: "",
  clientAddress: "",
  idpIssuer: null,
  idpSid: null,
  sealedIdToken: null,
});

const CACHE_MS = 5_000;
const CACHE_ENTRIES = 10_000;
const sessionIdOf = (token: string) => hash("sha256", token);
const newToken = () => randomBytes(32).toString("base64url");

// Half of it is the sliding window: an admin is signed out after half a day of absence at the latest.
const lifetimeOf = (audience: Audience) => (audience === "admin" ? new TimeSpan(12, "h") : new TimeSpan(30, "d"));

/** How long a session lives from when it was begun or last extended, in milliseconds. */
export const sessionLifetimeMs = (audience: Audience): number => lifetimeOf(audience).milliseconds();

interface SessionRow {
  publicId: string;
  userId: PersonId;
  expiresAt: Date;
  email: string;
  name: string;
  staffRole: StaffRole | null;
  memberships: Membership[];
}

/** Lucia's own Drizzle adapter runs outside any scope, so this one goes through the scoped database. */
function createAdapter(db: Database, audience: Audience): Adapter {
  const identity = db.as({ kind: "identity" });
  return {
    async getSessionAndUser(sessionId): Promise<[DatabaseSession | null, DatabaseUser | null]> {
      const [row] = await db.as({ kind: "identity", sessionId }).read<SessionRow>(
        (sql) => sql`
          select s.public_id as "publicId", s.user_id as "userId", s.expires_at as "expiresAt", u.email, u.name, u.staff_role as "staffRole",
            (select coalesce(json_agg(json_build_object('id', t.id, 'slug', t.slug, 'name', t.name, 'role', m.role,
              'plan', t.plan, 'orgId', t.org_id, 'orgIssuer', t.org_issuer) order by m.created_at), '[]')
             from memberships m join tenants t on t.id = m.tenant_id where m.user_id = s.user_id) as memberships
          from sessions s join users u on u.id = s.user_id where s.id = ${sessionId} and s.audience = ${audience}`,
      );
      if (!row) return [null, null];
      const { userId, expiresAt, publicId, ...attributes } = row;
      return [
        { id: sessionId, userId, expiresAt, attributes: attributesOf(audience, publicId) },
        { id: userId, attributes },
      ];
    },
    async getUserSessions(userId) {
      const rows = await identity.read<{ id: string; publicId: string; expiresAt: Date }>(
        (sql) =>
          sql`select id, public_id as "publicId", expires_at as "expiresAt" from sessions where user_id = ${userId} and audience = ${audience}`,
      );
      return rows.map(({ publicId, ...row }) => ({ ...row, userId, attributes: attributesOf(audience, publicId) }));
    },
    setSession: ({ id, userId, expiresAt, attributes }) =>
      identity.transaction(async (tx) => {
        await tx.insert(sessionsTable).values({ ...attributes, id, userId, expiresAt });
      }),
    updateSessionExpiration: (id, expiresAt) =>
      identity.transaction(async (tx) => {
        await tx.update(sessionsTable).set({ expiresAt }).where(eq(sessionsTable.id, id));
      }),
    deleteSession: (id) =>
      identity.transaction(async (tx) => {
        await tx.delete(sessionsTable).where(eq(sessionsTable.id, id));
      }),
    deleteUserSessions: (userId) =>
      identity.transaction(async (tx) => {
        await tx.delete(sessionsTable).where(eq(sessionsTable.userId, userId));
      }),
    deleteExpiredSessions: () =>
      identity.transaction(async (tx) => {
        await tx.delete(sessionsTable).where(lte(sessionsTable.expiresAt, new Date()));
      }),
  };
}

const createLucia = (db: Database, audience: Audience, secureCookies: boolean) =>
  new Lucia(createAdapter(db, audience), {
    sessionExpiresIn: lifetimeOf(audience),
    sessionCookie: { name: `kombify_${audience}`, attributes: { secure: secureCookies, sameSite: "lax" } },
    getUserAttributes: (attributes) => attributes,
    getSessionAttributes: ({ publicId }) => ({ publicId }),
  });

/** @param onChange subscribes to committed changes of every process. */
export function createSessions(options: {
  db: Database;
  audience: Audience;
  sealer: Sealer;
  secureCookies: boolean;
  onChange(listener: (change: Change) => void): () => void;
}): Sessions {
  const lucia = createLucia(options.db, options.audience, options.secureCookies);
  const identity = options.db.as({ kind: "identity" });
  const remembered = new Map<string, { session: Session; until: number }>();
  let forgotten = 0;
  const forget = (userId: string) => {
    forgotten++;
    for (const [id, { session }] of remembered) if (session.user.id === userId) remembered.delete(id);
  };
  options.onChange((change) => {
    if (change.noun === "sessions") forget(change.id);
  });

  return {
    forget,
    tokenOf: (cookieHeader) => lucia.readSessionCookie(cookieHeader ?? ""),
    async validate(token, responseHeaders) {
      const id = sessionIdOf(token);
      const known = remembered.get(id);
      if (known && known.until > Date.now()) return known.session;
      const before = forgotten;
      const { session, user } = await lucia.validateSession(id);
      remembered.delete(id);
      if (!session) return null;
      const { memberships, email, name, staffRole } = user;
      const valid: Session = {
        id,
        publicId: session.publicId,
        user: { id: user.id, email, name, staffRole },
        memberships,
        via: "session",
        scopes: null,
        orgId: null,
      };
      if (remembered.size >= CACHE_ENTRIES) remembered.clear();
      // What was read while something changed may be what it was before: good for this request, not for the next.
      if (before === forgotten)
        remembered.set(id, { session: valid, until: Math.min(Date.now() + CACHE_MS, session.expiresAt.getTime()) });
      // Past its half-life a session is extended; the cookie has to learn of it, with the token and not with the id.
      if (session.fresh) responseHeaders?.append("Set-Cookie", lucia.createSessionCookie(token).serialize());
      return valid;
    },
    async start(userId, { clientAddress, userAgent, provider }, within) {
      const token = newToken();
      const attributes: SessionAttributes = {
        ...attributesOf(options.audience, randomUUID()),
        clientAddress,
        userAgent,
        ...(provider
          ? {
              idpIssuer: provider.issuer,
              idpSid: provider.sid,
              sealedIdToken: await options.sealer.seal(ID_TOKEN_PURPOSE, provider.idToken),
            }
          : {}),
      };
      const expiresAt = new Date(Date.now() + sessionLifetimeMs(options.audience));
      const insert = async (tx: Transaction) => {
        await tx.insert(sessionsTable).values({ ...attributes, id: sessionIdOf(token), userId, expiresAt });
      };
      await (within ? insert(within) : identity.transaction(insert));
      return lucia.createSessionCookie(token).serialize();
    },
    async rotate(tx, session) {
      const token = newToken();
      const moved = await tx.execute(
        sql`update sessions set id = ${sessionIdOf(token)} where id = ${session.id} returning id`,
      );
      if (moved.length === 0)
        throw new ServiceError("FORBIDDEN", "Sign in first: there is no valid session.", { status: 401 });
      await notifyChange(tx, { noun: "sessions", id: session.user.id });
      return lucia.createSessionCookie(token).serialize();
    },
    async end(session) {
      await lucia.invalidateSession(session.id);
      remembered.delete(session.id);
      await identity.transaction((tx) => notifyChange(tx, { noun: "sessions", id: session.user.id }));
      return lucia.createBlankSessionCookie().serialize();
    },
  };
}
