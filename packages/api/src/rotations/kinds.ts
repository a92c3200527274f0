/** Every kind of rotation that there is. */
import { ServiceError } from "@kombify/agent-contract";
import { agentCertificatesRotation } from "./agent-certificates.ts";
import { certificateAuthorityRotation } from "./certificate-authority.ts";
import { databasePasswords } from "./database-passwords.ts";
import { createEncryptionKeyRotation } from "./encryption-key.ts";
import type { Rotation } from "./rotation.ts";
import type { RotationKind } from "./schemas.ts";
import { createSigningKeysRotation } from "./signing-keys.ts";
import { createWebhookSecretsRotation } from "./webhook-secrets.ts";

/** In the order in which staff see them. */
export const ROTATIONS: readonly Rotation[] = [
  createSigningKeysRotation(),
  createEncryptionKeyRotation(),
  createWebhookSecretsRotation(),
  agentCertificatesRotation,
  certificateAuthorityRotation,
  databasePasswords,
];

/** @throws ServiceError NOT_FOUND when this installation has no such kind. */
export function kindOf(name: RotationKind, kinds: readonly Rotation[] = ROTATIONS): Rotation {
  const kind = kinds.find((one) => one.kind === name);
  if (!kind)
    throw new ServiceError(
      "NOT_FOUND",
      `There is nothing to exchange of the kind ${name}. There are: ${kinds.map((one) => one.kind).join(", ")}.`,
    );
  return kind;
}
