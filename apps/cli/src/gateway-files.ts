/** The three files of a gateway. Each is replaced in one step; it reads them when it is told to, after the command has ended. */
import { randomBytes, X509Certificate } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { issueGatewayCertificate } from "@kombify/api";
import { withControlPlane } from "./control-plane.ts";

const CERTIFICATE = "certificate.pem";

/** Writes a file whole or not at all, for its owner alone or for everybody to read. */
async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  const draft = `${file}.${randomBytes(4).toString("hex")}`;
  const handle = await open(draft, "wx", mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}

/** Serial number of the certificate that is there; null when there is none that can be read. */
async function serialIn(folder: string): Promise<string | null> {
  try {
    return new X509Certificate(await readFile(join(folder, CERTIFICATE))).serialNumber.toLowerCase();
  } catch {
    // Whatever is there is replaced.
    return null;
  }
}

/** @throws CommandError for days that are not 1 to 30. */
export async function gatewayCertificate(folder: string, days: number): Promise<void> {
  await withControlPlane(async (controlPlane) => {
    const before = await serialIn(folder);
    const { key, cert, ca, serial, notAfter } = await issueGatewayCertificate(
      controlPlane.asSystem("command line"),
      days,
    );
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await replaceFile(join(folder, "key.pem"), key, 0o600);
    await replaceFile(join(folder, CERTIFICATE), `${cert.trimEnd()}\n`, 0o644);
    await replaceFile(join(folder, "ca.pem"), `${ca.map((pem) => pem.trimEnd()).join("\n")}\n`, 0o644);
    console.log(`Wrote key.pem, certificate.pem and ca.pem to ${folder}.`);
    console.log(
      `The certificate ${serial} ends on ${notAfter.toISOString()}; run this again before, and reload the gateway.`,
    );
    if (before !== null) console.log(`When the gateway uses it: npm run kombify -- certificates revoke ${before}`);
  });
}
