/** The identity providers of an installation. */
import { z } from "zod";

/** A provider in development: what travels there leaves no machine. */
const isThisMachine = (address: string): boolean =>
  URL.canParse(address) && ["localhost", "127.0.0.1", "[::1]"].includes(new URL(address).hostname);

/** One OpenID Connect provider at which this installation is registered. */
export const oidcProviderSchema = z.strictObject({
  /** Part of addresses: `/api/auth/oidc/start?provider=<id>`. */
  id: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
  /** On the button: "Continue with ...". */
  name: z.string().min(1).max(40),
  /** Exactly as the provider's discovery document says (OpenID Connect Discovery 1.0, 4.3). */
  issuer: z
    .url({ protocol: /^https?$/ })
    .refine((issuer) => !issuer.startsWith("http:") || isThisMachine(issuer), "must be https, but for this machine"),
  clientId: z.string().min(1),
  /** Absent for a public client; PKCE protects the code either way. */
  clientSecret: z.string().min(1).optional(),
  /** Zitadel's project: roles of the person's own organisation are read from its claim. */
  projectId: z.string().min(1).optional(),
  /** `aud` values of access tokens that the API accepts; the client id and the project id are always among them. */
  audiences: z.array(z.string().min(1)).default([]),
});
export type OidcProvider = z.output<typeof oidcProviderSchema>;

/** The variable `OIDC_PROVIDERS`: a JSON array. It holds secrets, so a refusal names the field and never its value. */
export const oidcProvidersVariable = z
  .string()
  .default("[]")
  .transform((text, { addIssue }) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      addIssue({ code: "custom", message: "must be a JSON array of providers" });
      return z.NEVER;
    }
  })
  .pipe(
    z
      .array(oidcProviderSchema)
      .refine(
        (providers) =>
          new Set(providers.map(({ id }) => id)).size === providers.length &&
          new Set(providers.map(({ issuer }) => issuer)).size === providers.length,
        "names a provider or an issuer twice",
      ),
  );
