/** Secrets at rest: AES-256-GCM with a versioned key (NIST SP 800-38D). Form: `v1.<iv>.<tag>.<ciphertext>`, base64url. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

export interface Sealer {
  /** @param purpose binds the sealed text to its place, so that it cannot be moved to another column. */
  seal(purpose: string, secret: string): Promise<string>;
  /** Rejects when the text was changed, belongs to another purpose, or was sealed with another key. */
  open(purpose: string, sealed: string): Promise<string>;
}

/** @param key 32 bytes, base64. @throws Error when it is anything else. */
export function createSealer(key: string): Sealer {
  const bytes = Buffer.from(key, "base64");
  if (bytes.length !== 32) throw new Error("The encryption key must be 32 bytes in base64.");
  return {
    async seal(purpose, secret) {
      const iv = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", bytes, iv).setAAD(Buffer.from(purpose));
      const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
      return ["v1", ...[iv, cipher.getAuthTag(), text].map((part) => part.toString("base64url"))].join(".");
    },
    async open(purpose, sealed) {
      const [version, iv, tag, text] = sealed.split(".");
      if (version !== "v1" || !iv || !tag || text === undefined)
        throw new Error(`Sealed text for ${purpose} has an unknown form.`);
      const decipher = createDecipheriv("aes-256-gcm", bytes, Buffer.from(iv, "base64url"))
        .setAAD(Buffer.from(purpose))
        .setAuthTag(Buffer.from(tag, "base64url"));
      return Buffer.concat([decipher.update(Buffer.from(text, "base64url")), decipher.final()]).toString("utf8");
    },
  };
}
