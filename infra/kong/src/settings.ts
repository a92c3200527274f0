/** What an installation decides about its gateway. Everything else is rendered from the tables that the services use. */
import { z } from "zod";

const hostSchema = z
  .string()
  .regex(
    /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
    "must be a lower-case host name",
  );
const targetSchema = z.string().regex(/^[a-z0-9.-]+:[0-9]{1,5}$/, "must be host:port");
const originSchema = z
  // Anything beyond these characters Kong would read as a regular expression, and an unescaped dot matches everything.
  .string()
  .regex(/^https?:\/\/[a-z0-9.-]+(:[0-9]{1,5})?$/, "must be an origin: scheme, host and perhaps a port");

const upstreamSchema = z.strictObject({
  targets: z.array(targetSchema).min(1),
  /**
   * The DNS name in the certificates of these processes. kombify's own services have "localhost", and agents have none: a Stack
   * whose key was stolen cannot pass for a portal.
   */
  serverName: hostSchema.default("localhost"),
});

const instanceSchema = z.strictObject({
  /** Its host name is `{name}.{stackDomain}`. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$/),
  environment: z.enum(["production", "staging"]).default("production"),
  /** Where the gateway reaches its public listener. With `https:` the gateway shows its certificate and checks the other. */
  url: z.url({ protocol: /^https?$/ }),
  /** The DNS name in its certificate; without it the host of `url`. */
  serverName: hostSchema.optional(),
});

export const settingsSchema = z.strictObject({
  hosts: z.strictObject({
    /** The Cloud portal, and the API for its pages. */
    app: hostSchema,
    /** The API for programs. */
    api: hostSchema,
    admin: hostSchema,
  }),
  stackDomain: hostSchema,
  /** Pages that may call the API with cookies, besides the portal itself. */
  portalOrigins: z.strictObject({ cloud: z.array(originSchema).min(1), admin: z.array(originSchema).min(1) }),
  upstreams: z.strictObject({
    cloud: upstreamSchema,
    admin: upstreamSchema,
    /** Left out, StackKits are answered by Cloud. */
    stackkits: upstreamSchema.optional(),
  }),
  /** Certificates of our certificate authority, PEM, one each; two while it is being replaced. */
  certificateAuthorities: z
    .array(z.string().regex(/^-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\s*$/))
    .min(1),
  redis: z.strictObject({
    host: z.string().min(1),
    port: z.number().int().min(1).max(65_535).default(6379),
    tls: z.boolean().default(true),
    /** Whether a password is read from the environment, KOMBIFY_REDIS_PASSWORD. */
    hasPassword: z.boolean().default(true),
  }),
  issuers: z.array(z.strictObject({ issuer: z.url(), jwksUri: z.url(), audiences: z.array(z.string().min(1)).min(1) })),
  /** The claim of an access token that names the plan. */
  planClaim: z.string().min(1).default("urn:kombify:plan"),
  instances: z.array(instanceSchema),
});
export type GatewaySettings = z.output<typeof settingsSchema>;
export type GatewaySettingsInput = z.input<typeof settingsSchema>;

/** @throws Error that names everything that is wrong with the settings at once. */
export function readSettings(value: unknown): GatewaySettings {
  const parsed = settingsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`The settings of the gateway are not complete:\n${lines.join("\n")}`);
}
