/** What may be said about certificates. Browser-safe. */
import { SERVICE_NAMES } from "@kombify/agent-contract";
import { z } from "zod";

/** Hex, as `openssl x509 -serial` prints it or with colons; at most 20 octets (RFC 5280, 4.1.2.2). */
export const serialInput = z.strictObject({
  serial: z
    .string()
    .transform((text) => text.replaceAll(":", "").toLowerCase())
    .pipe(z.string().regex(/^[0-9a-f]{1,40}$/, "A serial number is written in hex, such as 4f00a1.")),
});

export const serviceCertificateView = z.object({
  serial: z.string(),
  service: z.enum(SERVICE_NAMES),
  issuedAt: z.date(),
  notAfter: z.date(),
  revokedAt: z.date().nullable(),
});
export type ServiceCertificateView = z.infer<typeof serviceCertificateView>;

export const authorityView = z.object({
  /** sha256 of the certificate's DER, hex. */
  fingerprint: z.string(),
  createdAt: z.date(),
  /** Since when it issues; null while everybody is still learning to trust it. */
  activatedAt: z.date().nullable(),
  notAfter: z.date(),
});

export const certificatesView = z.object({
  /** CAs that are trusted now, newest first. */
  authorities: z.array(authorityView),
  /** Of our own services and of gateways: those that have not ended, newest first. */
  items: z.array(serviceCertificateView),
});
export type CertificatesView = z.infer<typeof certificatesView>;
