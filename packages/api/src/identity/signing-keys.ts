/**
 * The Ed25519 keys that sign launch assertions (RFC 8037). Private halves are sealed; agents get the public ones of all
 * keys that are not retired, so that a key can be known everywhere before it signs.
 */
import { type Change, type Database, notifyChange, type Transaction } from "@kombify/db";
import { signingKeys } from "@kombify/db/schema";
import { and, eq, isNull, lt, ne, or, sql } from "drizzle-orm";
import { calculateJwkThumbprint, exportJWK, exportPKCS8, generateKeyPair, importPKCS8, SignJWT } from "jose";
import type { AssertionSigner } from "../context.ts";
import type { Sealer } from "../seal.ts";

const PURPOSE = "signing_keys.sealed_private_key";
/** A process that missed the news signs with an old key for so long at most. Milliseconds. */
export const SIGNER_MAX_AGE_MS = 30_000;

/** Makes a key inside of a transaction. @returns its `kid`. */
export async function addSigningKey(tx: Transaction, sealer: Sealer, activatedAt: Date | null): Promise<string> {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  await tx.insert(signingKeys).values({
    kid,
    publicJwk: { kty: "OKP", crv: "Ed25519", x: jwk.x ?? "", kid },
    sealedPrivateKey: await sealer.seal(PURPOSE, await exportPKCS8(privateKey)),
    activatedAt,
  });
  return kid;
}

/** Lets a key sign from now on, in every process. Saying it twice changes nothing. */
export async function activateSigningKey(tx: Transaction, kid: string): Promise<void> {
  await tx
    .update(signingKeys)
    .set({ activatedAt: sql`clock_timestamp()` })
    .where(and(eq(signingKeys.kid, kid), isNull(signingKeys.activatedAt)));
  await notifyChange(tx, { noun: "keys", id: "signing" });
}

/** Retires every key but this one and those that are newer. @returns how many. */
export async function retireSigningKeysBefore(tx: Transaction, kid: string): Promise<number> {
  const isOlder = lt(signingKeys.createdAt, sql`(select k.created_at from signing_keys k where k.kid = ${kid})`);
  const rows = await tx
    .update(signingKeys)
    .set({ retiredAt: sql`clock_timestamp()` })
    .where(and(isNull(signingKeys.retiredAt), ne(signingKeys.kid, kid), or(isOlder, isNull(signingKeys.activatedAt))))
    .returning({ kid: signingKeys.kid });
  await notifyChange(tx, { noun: "keys", id: "signing" });
  return rows.length;
}

/**
 * Signs with the key that was activated last, whichever process activated it; makes the first key when there is none.
 * @param options.onChange subscribes to committed changes of every process.
 */
export async function openSigner(
  db: Database,
  sealer: Sealer,
  options: { maxAgeMs?: number; onChange?(listener: (change: Change) => void): () => void } = {},
): Promise<AssertionSigner> {
  const { maxAgeMs = SIGNER_MAX_AGE_MS } = options;
  const system = db.as({ kind: "system" });
  await system.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('kombify signing key'))`);
    const [existing] = await tx
      .select({ kid: signingKeys.kid })
      .from(signingKeys)
      .where(sql`${signingKeys.retiredAt} is null and ${signingKeys.activatedAt} is not null`)
      .limit(1);
    if (!existing) await addSigningKey(tx, sealer, new Date());
  });

  type Current = { kid: string; privateKey: Awaited<ReturnType<typeof importPKCS8>>; readAt: number };
  const read = async (known: Current | null): Promise<Current> => {
    const readAt = Date.now();
    const [row] = await system.read<{ kid: string; sealed: string }>(
      (sql) => sql`select kid, sealed_private_key as sealed from signing_keys
        where retired_at is null and activated_at is not null order by activated_at desc limit 1`,
    );
    if (!row) throw new Error("There is no key that signs.");
    if (row.kid === known?.kid) return { ...known, readAt };
    return { kid: row.kid, privateKey: await importPKCS8(await sealer.open(PURPOSE, row.sealed), "EdDSA"), readAt };
  };
  let current = await read(null);
  options.onChange?.((change) => {
    // The next one who signs reads the key.
    if (change.noun === "keys" && change.id === "signing") current = { ...current, readAt: 0 };
  });

  return {
    async sign(claims) {
      if (Date.now() - current.readAt > maxAgeMs) current = await read(current);
      const { kid, privateKey } = current;
      return new SignJWT(claims).setProtectedHeader({ alg: "EdDSA", kid }).sign(privateKey);
    },
  };
}
