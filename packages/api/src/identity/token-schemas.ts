/** What may be said about personal access tokens. Browser-safe. */
import { z } from "zod";
import { TOKEN_SCOPES } from "../permissions.ts";

export const MAX_LIVE_TOKENS = 50;
export const MAX_TOKEN_DAYS = 365;
export const DEFAULT_TOKEN_DAYS = 90;

const tokenScopeSchema = z.enum(TOKEN_SCOPES);

export const createTokenInput = z.strictObject({
  name: z
    .string({ error: "Give the token a name." })
    .trim()
    .min(1, "Give the token a name.")
    .max(60, "Use at most 60 characters."),
  /** What it may do; reading what the portal shows unless said otherwise. */
  scopes: z
    .array(tokenScopeSchema)
    .min(1, "Choose at least one thing that the token may do.")
    .max(20)
    .transform((scopes) => TOKEN_SCOPES.filter((scope) => scopes.includes(scope)))
    .default(["portal:read"]),
  /** 90 days from now unless given, 365 days at most. */
  expiresAt: z.iso.datetime({ offset: true, error: "Write a time such as 2030-01-31T12:00:00Z." }).optional(),
});

export const tokenView = z.object({
  id: z.uuid(),
  name: z.string(),
  /** The first characters of the secret. */
  prefix: z.string(),
  scopes: z.array(tokenScopeSchema),
  createdAt: z.date(),
  expiresAt: z.date(),
  /** To the minute; null for one that was never used. */
  lastUsedAt: z.date().nullable(),
});
export type TokenView = z.infer<typeof tokenView>;

/** The only answer with the secret in it. */
export const madeTokenView = z.object({ token: tokenView, secret: z.string() });
export { TOKEN_SCOPES, type TokenScope } from "../permissions.ts";
