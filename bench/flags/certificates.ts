/** Certificates for hosts that never joined: given by the authority itself, and written down as joining does. */
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { ControlPlane } from "@kombify/api";
import { agentCertificates } from "@kombify/db/schema";
import * as x509 from "@peculiar/x509";

/** What the process that plays the agents reads: one key for all of them, which only costs what a key costs. */
export type AgentCertificates = {
  key: string;
  ca: string[];
  agents: { instanceId: string; tenantId: string; certificate: string }[];
};

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Gives every instance of the database one, and leaves them in a file of mode 0600. */
export async function giveCertificates(plane: ControlPlane, file: string): Promise<void> {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const der = pair.privateKey.export({ type: "pkcs8", format: "der" });
  const keys = {
    privateKey: await crypto.subtle.importKey("pkcs8", der, ALGORITHM, true, ["sign"]),
    publicKey: await crypto.subtle.importKey(
      "spki",
      pair.publicKey.export({ type: "spki", format: "der" }),
      ALGORITHM,
      true,
      ["verify"],
    ),
  };
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: "CN=host",
    keys,
    signingAlgorithm: ALGORITHM,
  });
  const pem = csr.toString("pem");
  const system = plane.db.as({ kind: "system" });
  const hosts = await system.read<{ instanceId: string; tenantId: string }>(
    (sql) =>
      sql`select i.id as "instanceId", t.id as "tenantId" from instances i join tenants t on t.instance_id = i.id order by i.id`,
  );
  const granted = await system.transaction(async (tx) => {
    const agents: AgentCertificates["agents"] = [];
    for (const host of hosts) {
      const { serial, notAfter, certificate } = await plane.authority.grantInstance(pem, host.instanceId, tx);
      await tx
        .insert(agentCertificates)
        .values({ serial, instanceId: host.instanceId, issuedAt: new Date(Date.now() - 1_000), notAfter });
      agents.push({ ...host, certificate });
    }
    return agents;
  });
  const certificates: AgentCertificates = {
    key: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    ca: plane.identity.current().ca,
    agents: granted,
  };
  writeFileSync(file, JSON.stringify(certificates), { mode: 0o600 });
}
