/** A second member of staff, for what one person cannot do alone. There is no page that makes one yet. */
import { join } from "node:path";
import { findServer } from "@kombify/embedded-postgres";
import postgres from "postgres";
import { type Person, register, somebody } from "./people.ts";
import type { System } from "./system.ts";

/** Signs somebody up and makes them an operator. */
export async function addOperator(system: System): Promise<Person> {
  const person = somebody("operator");
  const answer = await register(system.cloudUrl, person);
  if (answer.status !== 201) throw new Error(`${person.email}: ${answer.status} ${await answer.text()}`);
  const url = await findServer(join(system.site.home, "postgres"), "kombify");
  const sql = postgres(url!, { max: 1, onnotice: () => undefined });
  await sql`update users set staff_role = 'operator' where email = ${person.email}`;
  await sql.end();
  return person;
}
