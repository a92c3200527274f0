/** The Ed25519 keys that sign launch assertions (RFC 8037). Private halves are sealed; agents get the public ones. */
import type { Database } from "@kombify/db";
import { signingKeys } from "@kombify/db/schema";
import { sql } from "drizzle-orm";
import { calculateJwkThumbprint, exportJWK, exportPKCS8, generateKeyPair, importPKCS8, SignJWT } from "jose";
import type { AssertionSigner } from "../context.ts";
import type { Sealer } from "../seal.ts";

const PURPOSE = "signing_keys.sealed_private_key";

/** The signer with the newest key; makes the first key when there is none. */
export async function openSigner(db: Database, sealer: Sealer): Promise<AssertionSigner> {
  const { kid, sealedPrivateKey } = await db.as({ kind: "system" }).transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('kombify signing key'))`);
    const [existing] = await tx
      .select()
      .from(signingKeys)
      .where(sql`${signingKeys.retiredAt} is null`)
      .orderBy(sql`${signingKeys.createdAt} desc`)
      .limit(1);
    if (existing) return existing;
    const { publicKey, privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
    const jwk = await exportJWK(publicKey);
    const kid = await calculateJwkThumbprint(jwk);
    const key = {
      kid,
      publicJwk: { kty: "OKP" as const, crv: "Ed25519" as const, x: jwk.x ?? "", kid },
      sealedPrivateKey: await sealer.seal(PURPOSE, await exportPKCS8(privateKey)),
    };
    await tx.insert(signingKeys).values({ ...key, activatedAt: new Date() });
    return key;
  });
  const privateKey = await importPKCS8(await sealer.open(PURPOSE, sealedPrivateKey), "EdDSA");
  return { sign: (claims) => new SignJWT(claims).setProtectedHeader({ alg: "EdDSA", kid }).sign(privateKey) };
}
