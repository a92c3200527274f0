/** Passwords: argon2id with the parameters that OWASP recommends (19 MiB, 2 passes, 1 lane), which are the library's defaults. */
import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";

/** Hash in PHC string format. About 30 ms of CPU. */
export const hashPassword = (password: string): Promise<string> => hash(password);

let decoy: Promise<string> | undefined;

/**
 * Whether the password is right. Takes the same time when there is no hash, so that an unknown e-mail address cannot be
 * told from a wrong password.
 */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  decoy ??= hash(randomBytes(32));
  const matches = await verify(passwordHash ?? (await decoy), password);
  return passwordHash !== null && matches;
}
