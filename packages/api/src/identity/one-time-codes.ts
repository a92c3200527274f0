/**
 * Codes that count once: time-based ones (RFC 6238 with the parameters that every authenticator app takes: SHA-1, six
 * digits, 30 s) and recovery codes for the day when the phone is gone. Nothing here touches a database.
 */
import { hash, randomBytes } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import { renderSVG } from "uqr";

const ISSUER = "kombify";
/** One step to either side: a phone whose clock is half a minute off, and the time that typing takes (RFC 6238, 5.2). */
const WINDOW_STEPS = 1;
/** As long as the hash's output (RFC 4226, 4: at least 128 bits, 160 recommended). */
const SECRET_BYTES = 20;

const generatorOf = (secret: string, label = "") =>
  new TOTP({ issuer: ISSUER, label, secret: Secret.fromBase32(secret), algorithm: "SHA1", digits: 6, period: 30 });

/** A new secret in base32 (RFC 4648). */
export const newSecret = (): string => new Secret({ size: SECRET_BYTES }).base32;

/** What an authenticator app is shown: the `otpauth:` address, as a QR code too. */
export function enrolmentOf(secret: string, email: string): { secret: string; uri: string; qrSvg: string } {
  const uri = generatorOf(secret, email).toString();
  return { secret, uri, qrSvg: renderSVG(uri, { border: 2, ecc: "M" }) };
}

/** Whether somebody typed a code of an authenticator app, as its six digits; null for anything else. */
export function asSixDigits(typed: string): string | null {
  const digits = typed.replace(/\s/g, "");
  return /^\d{6}$/.test(digits) ? digits : null;
}

/**
 * The time step whose code this is, or null when the code is wrong or no newer than the last one that was taken.
 * @param lastStep time step of the last code that was taken.
 */
export function acceptedStep(secret: string, digits: string, lastStep: number): number | null {
  const generator = generatorOf(secret);
  const now = Date.now();
  const delta = generator.validate({ token: digits, timestamp: now, window: WINDOW_STEPS });
  if (delta === null) return null;
  const step = generator.counter({ timestamp: now }) + delta;
  return step > lastStep ? step : null;
}

const RECOVERY_CODES = 10;
/** Without i, l, o and u (Crockford's base 32): nobody has to guess what they wrote down. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const CODE_LENGTH = 16;

/** Ten new recovery codes of 80 random bits each: too many to try, also for somebody who has the table of hashes. */
export const newRecoveryCodes = (): string[] =>
  Array.from({ length: RECOVERY_CODES }, () =>
    // 256 is a multiple of 32: every letter is as likely as every other.
    Array.from(randomBytes(CODE_LENGTH), (byte) => ALPHABET[byte % ALPHABET.length])
      .join("")
      .replace(/(.{4})(?=.)/g, "$1-"),
  );

/** What is stored of a recovery code, however it was typed: with or without hyphens, in capitals, O for zero. */
export function hashRecoveryCode(typed: string): string {
  const plain = typed
    .toLowerCase()
    .replace(/[^0-9a-z]/g, "")
    .replace(/o/g, "0")
    .replace(/[il]/g, "1");
  return hash("sha256", plain);
}
