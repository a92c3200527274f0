import { ServiceError } from "@kombify/agent-contract";
import postgres, { type Row, type Sql } from "postgres";
import type { RoleNames } from "../naming.ts";
import { digestOf, type FileRef, type NamespaceTransfer, type StoredFile, type StoredRecord } from "../transfer.ts";
import { createFilesDdl } from "./files-ddl.ts";
import type { Plans } from "./plans.ts";
import { runAsNamespace } from "./run-as-namespace.ts";
import type { Statement } from "./statements.ts";
import * as statements from "./transfer-statements.ts";
import { translate } from "./translate.ts";

/** Records or files in one answer: few round trips, little memory. */
const PAGE = 500;

const inJson = (value: unknown): unknown => (value instanceof Date ? value.toISOString() : value);

function storedRecord({ id, extra, ...fields }: Row): StoredRecord {
  return {
    id,
    fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, inJson(value)])),
    extra,
  };
}

const noSuchFile = ({ collection, recordId, field, name }: FileRef, cause?: unknown): ServiceError =>
  new ServiceError("NOT_FOUND", `There is no file ${name} in ${field} of ${recordId} of ${collection}.`, { cause });

const hasNoTable = (error: unknown): boolean =>
  error instanceof ServiceError && error.cause instanceof postgres.PostgresError && error.cause.code === "42P01";

/**
 * Carries a namespace, under its own role like everything that touches its tables.
 * @param sql connections that people's requests do not wait for.
 */
export function createTransfer(
  { sql, roles, plans }: { sql: Sql; roles: RoleNames; plans: Plans },
  slug: string,
): NamespaceTransfer {
  const run = async (statement: Statement): Promise<Row[]> => {
    try {
      return await plans.use(slug, () => runAsNamespace(sql, roles.namespace(slug), statement));
    } catch (error) {
      throw translate(error);
    }
  };
  /** Of a namespace without a file yet there is no table. */
  const runOnFiles = async (statement: Statement): Promise<Row[]> => {
    try {
      return await run(statement);
    } catch (error) {
      if (hasNoTable(error)) return [];
      throw error;
    }
  };
  return {
    slug,
    async *read(collection) {
      for (let after = ""; ; ) {
        const rows = await run(statements.selectRecords(collection, slug, after, PAGE));
        if (rows.length > 0) yield rows.map(storedRecord);
        if (rows.length < PAGE) return;
        after = rows.at(-1)?.id;
      }
    },
    async put(collection, records) {
      if (records.length > 0) await run(statements.upsertRecords(collection, slug, records));
    },
    async remove(collection, ids) {
      if (ids.length > 0) await run(statements.removeRecords(collection, slug, ids));
    },
    async *files() {
      for (let after: FileRef | null = null; ; ) {
        const rows = (await runOnFiles(statements.selectFiles(slug, after, PAGE))) as unknown as StoredFile[];
        yield* rows;
        if (rows.length < PAGE) return;
        after = rows.at(-1) ?? null;
      }
    },
    async readFile(file) {
      const [row] = await runOnFiles(statements.selectContent(slug, file));
      if (!row) throw noSuchFile(file);
      return row.content;
    },
    async putFile(file, content) {
      const put = () => run(statements.upsertFile(slug, file, content, digestOf(content)));
      try {
        await put();
      } catch (error) {
        if (!hasNoTable(error)) throw error;
        await sql.unsafe(createFilesDdl(slug, roles)).simple();
        await put();
      }
    },
    async removeFile(file) {
      await runOnFiles(statements.removeFile(slug, file));
    },
  };
}
