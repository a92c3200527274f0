/** The certificate authority. Its key is sealed at rest and never leaves this process. */
import "reflect-metadata";
import type { Database, InstanceId } from "@kombify/db";
import { certificateAuthorities } from "@kombify/db/schema";
import * as x509 from "@peculiar/x509";
import { desc, isNull, sql } from "drizzle-orm";
import type { Authority } from "../context.ts";
import type { Sealer } from "../seal.ts";
import {
  createRoot,
  exportPrivateKey,
  fingerprintOf,
  generateKeys,
  type Issuer,
  importPrivateKey,
  issueLeaf,
  publicKeyOfRequest,
} from "./certificate.ts";

const PURPOSE = "certificate_authorities.sealed_private_key";
const DAY_MS = 86_400_000;

/** Key, certificate and trusted CAs of this process, as Node's TLS takes them (PEM). */
export interface ServiceTls {
  key: string;
  cert: string;
  ca: string[];
}

export interface OpenAuthority extends Authority {
  /** A fresh identity for one of our own services, good for `lifetimeMs`. The chain holds the CA for joining agents. */
  issueService(name: "cloud" | "admin"): Promise<ServiceTls & { notAfter: Date }>;
}

/**
 * The installation's authority; makes it when there is none.
 * @param options.leafLifetimeMs of agents' and services' certificates; default 24 h.
 */
export async function openAuthority(
  db: Database,
  sealer: Sealer,
  options: { leafLifetimeMs?: number } = {},
): Promise<OpenAuthority> {
  const lifetimeMs = options.leafLifetimeMs ?? DAY_MS;
  const rows = await db.as({ kind: "system" }).transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('kombify certificate authority'))`);
    const read = () =>
      tx
        .select()
        .from(certificateAuthorities)
        .where(isNull(certificateAuthorities.retiredAt))
        .orderBy(desc(certificateAuthorities.createdAt));
    const existing = await read();
    if (existing.length > 0) return existing;
    const root = await createRoot();
    await tx.insert(certificateAuthorities).values({
      fingerprint: await fingerprintOf(root.certificate),
      certificate: root.certificate.toString("pem"),
      sealedPrivateKey: await sealer.seal(PURPOSE, await exportPrivateKey(root.privateKey)),
      activatedAt: new Date(),
      notAfter: root.certificate.notAfter,
    });
    return read();
  });
  const [newest] = rows;
  if (!newest) throw new Error("The certificate authority could not be read back.");
  const issuer: Issuer = {
    certificate: new x509.X509Certificate(newest.certificate),
    privateKey: await importPrivateKey(await sealer.open(PURPOSE, newest.sealedPrivateKey)),
  };
  const caBundle = rows.map((row) => row.certificate);
  return {
    fingerprint: newest.fingerprint,
    async grantInstance(csr: string, instanceId: InstanceId) {
      const leaf = await issueLeaf(issuer, { kind: "instance", instanceId }, await publicKeyOfRequest(csr), lifetimeMs);
      return { ...leaf, caBundle };
    },
    async issueService(name) {
      const keys = await generateKeys();
      const leaf = await issueLeaf(issuer, { kind: "service", name }, keys.publicKey, lifetimeMs, ["localhost"]);
      return {
        key: await exportPrivateKey(keys.privateKey),
        cert: `${leaf.certificate}\n${newest.certificate}`,
        ca: caBundle,
        notAfter: leaf.notAfter,
      };
    },
  };
}
