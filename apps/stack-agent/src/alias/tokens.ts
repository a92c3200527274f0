import { ServiceError } from "@kombify/agent-contract";
import { z } from "zod";

const claimsSchema = z.looseObject({ collectionId: z.string() });

/** The collection of whoever a token is for, as the token says; null for what is no token, which PocketBase ignores. */
function collectionOf(token: string): string | null {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    return claimsSchema.safeParse(payload).data?.collectionId ?? null;
  } catch {
    return null;
  }
}

/**
 * The alias is for the people of the old Stack. A superuser's rights, and those of other tenants' people, end here: no
 * rule would hold them back from what old clients cannot name.
 * @param tokens of the request: its header, and the query of a file.
 * @throws ServiceError FORBIDDEN for anybody else's token.
 */
export function assertOwnPeople(tokens: ReadonlyArray<string | undefined>, peopleId: string | undefined): void {
  for (const token of tokens) {
    const collection = token === undefined ? null : collectionOf(token.replace(/^Bearer /i, ""));
    if (collection !== null && collection !== peopleId)
      throw new ServiceError(
        "FORBIDDEN",
        "Only people of the old Stack are served here. Programs with a superuser's token talk to PocketBase itself.",
      );
  }
}
