import type { Sql } from "postgres";
import type { NamespaceDefinition } from "../collections.ts";
import { createFilesTable } from "./files-ddl.ts";
import { createCollections } from "./namespace-ddl.ts";
import { type NamespaceShape, shapeOf } from "./shape.ts";

/** A slug that no tenant can have, see RESERVED_SLUGS of the contract. */
const SAMPLE = "system";

class RolledBack extends Error {}

/**
 * What a namespace of this definition looks like in the catalog of this very server: made in a transaction that is never
 * committed, so that no text of PostgreSQL's has to be imitated.
 */
export async function shapeOfDefinition(sql: Sql, definition: NamespaceDefinition): Promise<NamespaceShape> {
  let shape: NamespaceShape | undefined;
  await sql
    .begin(async (tx) => {
      await tx.unsafe([...createCollections(SAMPLE, definition), createFilesTable(SAMPLE)].join(";\n")).simple();
      shape = await shapeOf(tx, SAMPLE, "");
      throw new RolledBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  if (!shape || shape.tables.length === 0) throw new Error("PostgreSQL shows nothing of the tables just made.");
  return shape;
}
