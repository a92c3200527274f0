/**
 * Names that travel between the control plane and the hosts. Neither a slug nor a Sim name can hold `_`,
 * so `{collection}_{slug}` and `{tenant}_{sim}_{node}` always parse back.
 */
import { z } from "zod";

/** Words that would collide with routes, shared collections or people's expectations of who speaks. */
export const RESERVED_SLUGS: ReadonlySet<string> = new Set([
  "admin",
  "administrator",
  "api",
  "app",
  "assets",
  "auth",
  "billing",
  "cloud",
  "console",
  "default",
  "docs",
  "health",
  "help",
  "homelab",
  "internal",
  "kombify",
  "login",
  "logout",
  "mail",
  "metrics",
  "ofrep",
  "portal",
  "postgres",
  "public",
  "ready",
  "root",
  "security",
  "settings",
  "signup",
  "sims",
  "staff",
  "stack",
  "stackkits",
  "status",
  "support",
  "system",
  "team",
  "tenant",
  "tenants",
  "test",
  "tools",
  "trpc",
  "users",
  "webhooks",
  "welcome",
  "www",
]);

/** A tenant slug: 2 to 20 lower-case letters and digits, a letter first. */
export const SLUG_PATTERN = /^[a-z][a-z0-9]{1,19}$/;

export const slugSchema = z
  .string()
  .regex(SLUG_PATTERN, "Use 2 to 20 lower-case letters and digits, starting with a letter.")
  .refine((slug) => !RESERVED_SLUGS.has(slug), "This address is reserved. Choose another one.");

/** Collections that every namespace owns, in the order in which they are created. */
export const COLLECTIONS = ["users", "stacks", "nodes", "jobs"] as const;
export type CollectionName = (typeof COLLECTIONS)[number];

/** The name of a tenant's collection on its host: `stacks_acme`. */
export const collectionOf = (collection: CollectionName, slug: string): string => `${collection}_${slug}`;
