/**
 * Brings a namespace to what is defined, by what its tables are and not by which version they are said to be: an older
 * version and a change by hand are mended the same way.
 */
import { ServiceError } from "@kombify/agent-contract";
import postgres, { type Sql, type TransactionSql } from "postgres";
import { type RoleNames, SCHEMA } from "../naming.ts";
import { compareShapes } from "./compare-shapes.ts";
import { asOwner, ensureRole } from "./namespace-ddl.ts";
import { type NamespaceShape, OWN_ROLE, shapeOf, withSlug } from "./shape.ts";
import { changeNamespaces } from "./with-lock.ts";

/** One round may uncover the next, see compare-shapes.ts; three are known to be needed. */
const ROUNDS = 6;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Takes tables back from other roles. The agent has to be a member of such a role for that, and may be of its own. */
async function takeOver(tx: TransactionSql, is: NamespaceShape, slug: string, role: string, roles: RoleNames) {
  for (const { table, owner } of is.tables.filter(({ owner }) => owner !== OWN_ROLE)) {
    const qualified = `${SCHEMA}.${withSlug(table, slug)}`;
    const change = `alter table ${qualified} owner to ${role}`;
    try {
      const [self] = await tx`select current_user = ${owner} as "isOwner"`;
      const from = self?.isOwner ? [] : [`grant ${quoted(owner)} to current_user with inherit true`];
      const back = self?.isOwner ? [] : [`grant ${quoted(owner)} to current_user with inherit false`];
      const create = `grant ${roles.creator} to ${role} with inherit true`;
      await tx.unsafe([...from, create, change, ...back, `revoke ${roles.creator} from ${role}`].join(";\n")).simple();
    } catch (cause) {
      if (!(cause instanceof postgres.PostgresError) || cause.code !== "42501") throw cause;
      const message = `${qualified} belongs to ${owner}, from whom the agent cannot take it. Run as ${owner}: ${change}`;
      throw new ServiceError("PRECONDITION", message, { cause });
    }
  }
}

/** What stands in the way is in the records, where only people can decide. */
function explain(error: unknown, words: string): unknown {
  if (!(error instanceof postgres.PostgresError) || !error.code.startsWith("23")) return error;
  const message = `The records do not allow it that ${words} is mended: ${error.detail ?? error.message} Change them first.`;
  return new ServiceError("PRECONDITION", message, { cause: error });
}

async function mend(tx: TransactionSql, should: NamespaceShape, slug: string, role: string, roles: RoleNames) {
  for (let round = 1; ; round++) {
    const differences = compareShapes(await shapeOf(tx, slug, role), should, slug);
    if (differences.length === 0) return;
    const all = differences.map(({ words }) => words).join("; ");
    if (round === ROUNDS) throw new Error(`${slug} cannot be mended: ${all}.`);
    const statements = differences.flatMap(({ statements }) => statements);
    await tx
      .unsafe(asOwner(role, roles, statements).join(";\n"))
      .simple()
      .catch((error: unknown) => {
        throw explain(error, all);
      });
  }
}

/** In one transaction: whoever reads meanwhile sees the namespace as it was or as it is. */
export async function upgradeNamespace(
  sql: Sql,
  roles: RoleNames,
  slug: string,
  { should, version }: { should: NamespaceShape; version: number },
): Promise<void> {
  const role = roles.namespace(slug);
  await changeNamespaces(sql, [slug], async (tx) => {
    const is = await shapeOf(tx, slug, role);
    if (is.tables.length === 0)
      throw new ServiceError("NOT_FOUND", `There is no namespace ${slug} on this host. Create it first.`);
    const isOwned = is.tables.every(({ owner }) => owner === OWN_ROLE);
    if (!is.canTakeRole || !isOwned) await tx.unsafe(ensureRole(role).join(";\n")).simple();
    await takeOver(tx, is, slug, role, roles);
    if (compareShapes(is, should, slug).length > 0) {
      // All at once: taken one by one they could be held crosswise with somebody who writes.
      const tables = is.tables.map(({ table }) => `${SCHEMA}.${withSlug(table, slug)}`);
      await tx.unsafe([`set local role ${role}`, `lock table ${tables.join(", ")}`, "reset role"].join(";\n")).simple();
      await mend(tx, should, slug, role, roles);
    }
    await tx`update stack._tenants set namespace_version = ${version} where slug = ${slug} and namespace_version <> ${version}`;
  });
}
