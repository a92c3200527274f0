import { type AssertionClaims, ServiceError } from "@kombify/agent-contract";
import { v7 as uuid } from "uuid";
import type { NamespaceStore } from "../engine/engine.ts";
import type { UserRecord } from "../engine/records.ts";

/** The person as the identity provider describes them now. */
export type PersonClaims = Pick<AssertionClaims, "idp" | "sub" | "email" | "name" | "role">;

async function createPerson(store: NamespaceStore, claims: PersonClaims): Promise<UserRecord> {
  const now = new Date();
  const { idp: issuer, sub: subject, email, name, role } = claims;
  const record = { id: uuid(), issuer, subject, email, name, role, createdAt: now, updatedAt: now, lastSeenAt: now };
  const [created] = await store.write([{ kind: "create", collection: "users", record }]);
  return created;
}

/**
 * The person's record in the tenant's namespace, made if there is none and brought up to date if there is. People are
 * known by (issuer, subject), never by e-mail: an address can pass on to somebody else.
 */
export async function findOrCreatePerson(store: NamespaceStore, claims: PersonClaims): Promise<UserRecord> {
  const { idp: issuer, sub: subject, email, name, role } = claims;
  const find = () => store.find("users", { issuer, subject });
  const known = await find();
  if (!known) {
    try {
      return await createPerson(store, claims);
    } catch (error) {
      // Two first launches at once: the other one has made the record.
      if (!(error instanceof ServiceError && error.code === "CONFLICT")) throw error;
      const made = await find();
      if (!made) throw error;
      return made;
    }
  }
  const now = new Date();
  const isChanged = known.email !== email || known.name !== name || known.role !== role;
  const changes = { lastSeenAt: now, ...(isChanged ? { email, name, role, updatedAt: now } : {}) };
  const [updated] = await store.write([{ kind: "update", collection: "users", id: known.id, changes }]);
  return updated;
}
