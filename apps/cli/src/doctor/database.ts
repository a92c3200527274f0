/** The control plane's database, and what it knows of agents' certificates. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { getInstance, listInstances } from "@kombify/api";
import { MIGRATIONS_FOLDER } from "@kombify/db";
import { findDatabase } from "@kombify/scripts/database";
import type { Settings } from "@kombify/scripts/settings";
import postgres, { type Sql } from "postgres";
import { withControlPlane } from "../control-plane.ts";
import { broken, type Finding, ok, warning } from "./finding.ts";

const START = "Start kombify with `npm start`; it runs the database and migrates it.";

async function migrations(sql: Sql): Promise<Finding> {
  const journal = JSON.parse(await readFile(join(MIGRATIONS_FOLDER, "meta", "_journal.json"), "utf8"));
  const known: number = journal.entries.length;
  const [table] = await sql<
    { name: string | null }[]
  >`select to_regclass('drizzle.__drizzle_migrations')::text as name`;
  const [row] = table?.name
    ? await sql<{ n: number }[]>`select count(*)::int as n from drizzle.__drizzle_migrations`
    : [];
  const applied = row?.n ?? 0;
  if (applied === known) return ok("Migrations", `all ${known} applied`);
  if (applied < known) return broken("Migrations", `${applied} of ${known} applied`, "`npm start` applies the rest.");
  return broken(
    "Migrations",
    `${applied} applied, this checkout knows ${known}`,
    "The database is newer: update this checkout.",
  );
}

async function database(settings: Settings): Promise<Finding[]> {
  const url = await findDatabase(settings).catch(() => null);
  if (!url) return [broken("PostgreSQL", "there is none in this home", START)];
  const sql = postgres(url, { max: 1, connect_timeout: 3, onnotice: () => undefined });
  try {
    const [row] = await sql<{ version: string }[]>`select current_setting('server_version') as version`;
    return [ok("PostgreSQL", `${row?.version} answers`), await migrations(sql)];
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return [broken("PostgreSQL", `does not answer (${reason})`, START)];
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** A certificate in its last tenth was not renewed at two thirds of its life: something keeps the agent from it. */
function certificateFinding(name: string, valid: { issuedAt: Date; notAfter: Date } | undefined): Finding {
  const title = `Certificate of ${name}`;
  if (!valid) return warning(title, "none is valid", "Make a join token in the Admin center and join the host again.");
  const left = valid.notAfter.getTime() - Date.now();
  const hours = `${(left / 3_600_000).toFixed(1)} h left`;
  if (left > (valid.notAfter.getTime() - valid.issuedAt.getTime()) / 10) return ok(title, hours);
  return broken(
    title,
    `${hours}, not renewed`,
    "Look for renewal errors in the agent's log; is the agent listener reachable?",
  );
}

async function certificates(): Promise<Finding[]> {
  return withControlPlane(async (controlPlane) => {
    const ctx = controlPlane.asSystem("doctor");
    const { items } = await listInstances(ctx.db, { sort: "name", limit: 200 });
    const joined = items.filter((instance) => instance.connection !== "pending" && instance.connection !== "revoked");
    return Promise.all(
      joined.map(async ({ id, name }) => {
        const { certificates: all } = await getInstance(ctx, id);
        const valid = all.filter((one) => !one.revokedAt && one.notAfter.getTime() > Date.now());
        return certificateFinding(name, valid.sort((a, b) => b.notAfter.getTime() - a.notAfter.getTime())[0]);
      }),
    );
  });
}

export async function examineDatabase(settings: Settings): Promise<Finding[]> {
  const findings = await database(settings);
  if (findings.some((finding) => finding.state === "broken")) return findings;
  return [...findings, ...(await certificates())];
}
