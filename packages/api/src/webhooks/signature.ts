/**
 * The signature of Zitadel's Actions v2: `ZITADEL-Signature: t=<unix seconds>,v1=<hex>[,v1=<hex>...]`, each `v1` an
 * HMAC-SHA256 of `<t>.<raw body>` (zitadel/zitadel, pkg/actions/signing.go). While Zitadel exchanges its key there are two.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { ServiceError } from "@kombify/agent-contract";

/** How far the time of a signature may be away, either way. Zitadel's own check takes any time in the future. Seconds. */
export const TOLERANCE_SECONDS = 300;
/** More signatures than anybody sends: each costs a comparison with each secret. */
const MOST_SIGNATURES = 8;

const refuse = (why: string) => new ServiceError("FORBIDDEN", `The signature is not accepted: ${why}`, { status: 401 });

function parse(header: string): { time: string; signatures: Buffer[] } {
  const times: string[] = [];
  const signatures: Buffer[] = [];
  for (const part of header.split(",")) {
    const at = part.indexOf("=");
    const [name, value] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    if (name === "t") times.push(value);
    if (name === "v1" && /^[0-9a-f]{64}$/i.test(value)) signatures.push(Buffer.from(value, "hex"));
  }
  const [time, ...moreTimes] = times;
  if (time === undefined || moreTimes.length > 0 || !/^\d{1,12}$/.test(time))
    throw refuse("it has no time `t` in seconds.");
  if (signatures.length === 0) throw refuse("it has no `v1` of 64 hexadecimal digits.");
  if (signatures.length > MOST_SIGNATURES) throw refuse(`it has more than ${MOST_SIGNATURES} of \`v1\`.`);
  return { time, signatures };
}

/**
 * Which of the secrets signed a body.
 * @param nowMs milliseconds since 1970.
 * @throws ServiceError FORBIDDEN (401) when none did, or too long ago or ahead.
 */
export function verifySignature<S extends { secret: string }>(
  header: string | null,
  body: Uint8Array,
  secrets: readonly S[],
  nowMs = Date.now(),
): S {
  if (header === null) throw refuse("send it as ZITADEL-Signature.");
  const { time, signatures } = parse(header);
  if (Math.abs(nowMs / 1000 - Number(time)) > TOLERANCE_SECONDS)
    throw refuse(`its time is more than ${TOLERANCE_SECONDS} seconds away from ours.`);
  let signer: S | null = null;
  for (const candidate of secrets) {
    const expected = createHmac("sha256", candidate.secret).update(`${time}.`).update(body).digest();
    for (const signature of signatures) if (timingSafeEqual(expected, signature)) signer ??= candidate;
  }
  if (!signer) throw refuse("it was made with another secret, or the body was changed.");
  return signer;
}
