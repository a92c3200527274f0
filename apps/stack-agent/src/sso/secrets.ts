import { createHash, randomBytes } from "node:crypto";

/** 256 random bits for whoever shall prove something later, and the hash that is stored in their place. */
export function createSecret(): { secret: string; hash: string } {
  const secret = randomBytes(32).toString("base64url");
  return { secret, hash: hashSecret(secret) };
}

/** SHA-256, hex: enough for secrets of 256 random bits. */
export const hashSecret = (secret: string): string => createHash("sha256").update(secret).digest("hex");
