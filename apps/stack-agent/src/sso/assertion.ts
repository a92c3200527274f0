/** The launch assertion: who asks to come in, said by the control plane in a JWT signed with EdDSA (RFC 8037). */
import {
  ASSERTION_TTL_SECONDS,
  type AssertionClaims,
  assertionClaimsSchema,
  type DesiredState,
  KOMBIFY_ISSUER,
  ServiceError,
} from "@kombify/agent-contract";
import { decodeProtectedHeader, errors, importJWK, jwtVerify } from "jose";

/** Two hosts' clocks are never quite the same. */
export const CLOCK_TOLERANCE_SECONDS = 5;

const refuse = (why: string, cause?: unknown): ServiceError =>
  new ServiceError("FORBIDDEN", `The launch assertion is not accepted: ${why}`, { cause });

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "it has expired. Launch again.";
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.claim === "aud" ? "it is meant for another Stack." : `its ${error.claim} is wrong.`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is wrong.";
  return "it is not a signed assertion.";
}

/**
 * The claims of an assertion that one of the control plane's present keys signed for this instance, at most 60 s ago.
 * Whether it was used before is for the caller to find out.
 * @throws ServiceError FORBIDDEN, saying what is wrong.
 */
export async function verifyAssertion(assertion: string, document: DesiredState): Promise<AssertionClaims> {
  try {
    const { kid } = decodeProtectedHeader(assertion);
    const jwk = document.assertionKeys.find((key) => key.kid === kid);
    if (!jwk) throw refuse("its key is not one that this Stack knows.");
    const { payload } = await jwtVerify(assertion, await importJWK(jwk, "EdDSA"), {
      algorithms: ["EdDSA"],
      issuer: KOMBIFY_ISSUER,
      audience: document.instanceId,
      maxTokenAge: ASSERTION_TTL_SECONDS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ["exp", "iat", "jti"],
    });
    const claims = assertionClaimsSchema.safeParse(payload);
    if (!claims.success) throw refuse(`${claims.error.issues[0]?.path.join(".")} is missing or wrong.`, claims.error);
    if (claims.data.exp - claims.data.iat > ASSERTION_TTL_SECONDS) throw refuse("it is valid for too long.");
    return claims.data;
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw refuse(reasonOf(error), error);
  }
}
