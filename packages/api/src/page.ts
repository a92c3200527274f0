/** Cursor paging: a cursor is the sort value and the id of the last row, opaque to callers. */
import { ServiceError } from "@kombify/agent-contract";
import { z } from "zod";

const cursorSchema = z.tuple([z.string(), z.uuid()]);

/** The cursor behind a row. */
export const encodeCursor = (value: string | Date, id: string): string =>
  Buffer.from(JSON.stringify([value instanceof Date ? value.toISOString() : value, id])).toString("base64url");

/**
 * Reads a cursor that {@link encodeCursor} made.
 * @throws ServiceError INVALID for any other text.
 */
export function decodeCursor(cursor: string): { value: string; id: string } {
  try {
    const [value, id] = cursorSchema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
    return { value, id };
  } catch (cause) {
    throw new ServiceError("INVALID", "This cursor is not one of ours. Start again without a cursor.", {
      cause,
      fields: [{ path: "cursor", message: "Leave it out, or pass the nextCursor of the page before." }],
    });
  }
}

/** Cuts a list that was read with one row more than asked for. */
export function pageOfRows<T>(
  rows: T[],
  limit: number,
  cursorOf: (row: T) => string,
): { items: T[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
