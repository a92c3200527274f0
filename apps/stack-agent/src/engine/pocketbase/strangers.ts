/**
 * PocketBase refuses a person whose id another collection of people has ("validation_invalid_auth_id", core/record_model.go),
 * which is what a copy of a namespace beside the namespace itself is. So copies of people are made under ids of their own,
 * which are then exchanged for the right ones.
 */
import { randomBytes } from "node:crypto";
import { RECORD_ID_PATTERN } from "@kombify/agent-contract";
import { BatchRefused, type BatchRequest, type Client, recordsUrl } from "./client.ts";
import { newPassword } from "./write.ts";

export const FOREIGN_PERSON = "validation_invalid_auth_id";
/** Whether PocketBase refused a person because of another collection's. */
export const isForeignPerson = (error: unknown): boolean =>
  error instanceof BatchRefused && error.refusal.fields.id?.code === FOREIGN_PERSON;

/** PocketBase takes no longer query (apis/sql.go: 5,000 characters). */
const EXCHANGES_A_QUERY = 30;

const idOf = ({ url, body }: BatchRequest): string =>
  String(body?.id ?? decodeURIComponent(url.split("/").at(-1) ?? ""));

/** Carries out creates and updates of people; those that are there are made anew. */
export async function putAsStrangers(client: Client, table: string, requests: readonly BatchRequest[]): Promise<void> {
  const people = requests.map((request) => {
    const id = idOf(request);
    if (!RECORD_ID_PATTERN.test(id)) throw new Error(`Not the id of a record: ${JSON.stringify(id)}`);
    return { id, request, stranger: `x${randomBytes(7).toString("hex")}` };
  });
  const known = people.filter(({ request }) => request.method === "PATCH");
  await client.batch([
    ...known.map(({ id }) => ({ method: "DELETE", url: recordsUrl(table, id) }) as const),
    ...people.map(({ request, stranger }) => {
      const body = { ...newPassword(), ...request.body, id: stranger };
      return { method: "POST", url: recordsUrl(table), body } as const;
    }),
  ]);
  for (let from = 0; from < people.length; from += EXCHANGES_A_QUERY)
    await client.raw(
      people
        .slice(from, from + EXCHANGES_A_QUERY)
        .map(({ id, stranger }) => `UPDATE \`${table}\` SET id = '${id}' WHERE id = '${stranger}';`)
        .join("\n"),
    );
}
