/** Secrets at rest: AES-256-GCM (NIST SP 800-38D), under one key here; keyring.ts has the keys that are exchanged. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

export interface Sealer {
  /** @param purpose binds the sealed text to its place, so that it cannot be moved to another column. */
  seal(purpose: string, secret: string): Promise<string>;
  /** Rejects when the text was changed, belongs to another purpose, or was sealed with another key. */
  open(purpose: string, sealed: string): Promise<string>;
}

/** @returns `<iv>.<tag>.<ciphertext>`, base64url. @param bound what has to be the same when it is opened. */
export function encrypt(key: Buffer, bound: string, secret: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(bound));
  const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
  return [iv, cipher.getAuthTag(), text].map((part) => part.toString("base64url")).join(".");
}

/** @throws Error when the text was changed, or was sealed with another key or bound to something else. */
export function decrypt(key: Buffer, bound: string, sealed: string): string {
  const [iv, tag, text, ...more] = sealed.split(".");
  if (!iv || !tag || text === undefined || more.length > 0) throw new Error("This is not a sealed text.");
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(iv, "base64url"), { authTagLength: 16 })
    .setAAD(Buffer.from(bound))
    .setAuthTag(Buffer.from(tag, "base64url"));
  return Buffer.concat([decipher.update(Buffer.from(text, "base64url")), decipher.final()]).toString("utf8");
}

/**
 * Seals as `v1.<iv>.<tag>.<ciphertext>`.
 * @param key 32 bytes, base64. @throws Error when it is anything else.
 */
export function createSealer(key: string): Sealer {
  const bytes = Buffer.from(key, "base64");
  if (bytes.length !== 32) throw new Error("The encryption key must be 32 bytes in base64.");
  return {
    seal: async (purpose, secret) => `v1.${encrypt(bytes, purpose, secret)}`,
    async open(purpose, sealed) {
      if (!sealed.startsWith("v1.")) throw new Error(`Sealed text for ${purpose} has an unknown form.`);
      return decrypt(bytes, purpose, sealed.slice("v1.".length));
    },
  };
}
