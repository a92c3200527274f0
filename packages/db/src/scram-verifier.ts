import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

/** PostgreSQL's own default, `scram_iterations`. Our passwords are random, so more would not make them safer. */
const ITERATIONS = 4096;
const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/**
 * What PostgreSQL stores in place of a password (RFC 5802, section 3; RFC 5803, section 2; RFC 7677). Given to it instead
 * of the password, so that no statement, and no log of statements, holds one.
 * @param password ASCII: nothing in it may need SASLprep.
 */
export async function scramVerifier(password: string, salt: Buffer = randomBytes(16)): Promise<string> {
  if (!/^[\x21-\x7e]+$/.test(password)) throw new RangeError("A password of a log-in role has to be printable ASCII.");
  const salted = await promisify(pbkdf2)(password, salt, ITERATIONS, 32, "sha256");
  const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest("base64");
  const serverKey = hmac(salted, "Server Key").toString("base64");
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}
