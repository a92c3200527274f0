/** What no page and no route does yet, written as the owner of the database: a second member of staff, another plan. */
import { join } from "node:path";
import { findServer } from "@kombify/embedded-postgres";
import postgres, { type Sql } from "postgres";
import { type Person, register, somebody } from "./people.ts";
import type { System } from "./system.ts";

async function asOwner(system: System, write: (sql: Sql) => Promise<unknown>): Promise<void> {
  const url = await findServer(join(system.site.home, "postgres"), "kombify");
  const sql = postgres(url!, { max: 1, onnotice: () => undefined });
  try {
    await write(sql);
  } finally {
    await sql.end();
  }
}

/** Signs somebody up and makes them an operator. */
export async function addOperator(system: System): Promise<Person> {
  const person = somebody("operator");
  const answer = await register(system.cloudUrl, person);
  if (answer.status !== 201) throw new Error(`${person.email}: ${answer.status} ${await answer.text()}`);
  await asOwner(system, (sql) => sql`update users set staff_role = 'operator' where email = ${person.email}`);
  return person;
}

export const putOnPlan = (system: System, slug: string, plan: "free" | "pro" | "business"): Promise<void> =>
  asOwner(system, (sql) => sql`update tenants set plan = ${plan} where slug = ${slug}`);
