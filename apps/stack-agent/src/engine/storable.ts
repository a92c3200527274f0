import { ServiceError } from "@kombify/agent-contract";

/**
 * Refuses texts that not every engine can give back as they were: PostgreSQL stores no NUL, and half of a surrogate pair
 * is no character of UTF-8.
 * @throws ServiceError INVALID.
 */
export function assertStorable(value: unknown): void {
  if (typeof value === "string") {
    if (value.includes("\0")) throw new ServiceError("INVALID", "Texts cannot hold the NUL character. Leave it out.");
    if (!value.isWellFormed())
      throw new ServiceError("INVALID", "A text holds half of a character. Send it as valid UTF-8.");
  } else if (value !== null && typeof value === "object" && !(value instanceof Date))
    for (const [key, entry] of Object.entries(value)) {
      assertStorable(key);
      assertStorable(entry);
    }
}
