/** Requests with tokens: the same signed-in read with a provider's access token and with a personal one, against a cookie. */
import { createHash, randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { openTestIssuer, type TestIssuer } from "@kombify/api/testing";
import postgres from "postgres";
import type { Cluster } from "../cluster.ts";
import { takeTurns } from "../measure.ts";
import { startChild } from "../processes.ts";
import type { Row } from "../table.ts";
import { compare, trpcRead } from "./measure-requests.ts";
import { type Person, seedPeople } from "./people.ts";
import { startLoad } from "./servers.ts";

const ROUNDS = 7;
const READ_MS = 2_000;
const LEAST_RATIO = 0.85;

/** Gives everybody an account at the provider and a personal token. @returns the secrets, in the order of the people. */
async function seedTokens(ownerUrl: string, people: Person[], issuer: TestIssuer): Promise<string[]> {
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => undefined });
  try {
    const accounts = people.map(({ userId }) => ({ issuer: issuer.provider.issuer, subject: userId, user_id: userId }));
    await sql`insert into oidc_identities ${sql(accounts)}`;
    const secrets = people.map(() => `kpat_${randomBytes(32).toString("base64url")}`);
    for (const [at, { userId }] of people.entries())
      await sql`insert into api_tokens (id, user_id, name, secret_hash, prefix, scopes, expires_at) values (gen_random_uuid(), ${userId},
        'bench', ${createHash("sha256").update(secrets[at]!).digest("hex")}, 'kpat_', array['portal:read'], now() + interval '1 day')`;
    await sql`vacuum analyze`;
    return secrets;
  } finally {
    await sql.end();
  }
}

/** See README.md. */
export async function measureTokens(cluster: Cluster): Promise<Row[]> {
  const database = await cluster.createControlDatabase("tokens");
  const people = await seedPeople(database.ownerUrl);
  const issuer = await openTestIssuer();
  const load = startLoad(cluster.folder);
  const product = startChild(fileURLToPath(new URL("product.ts", import.meta.url)), {
    name: "product-tokens",
    logFolder: cluster.folder,
    env: {
      DATABASE_URL: database.webUrl,
      KOMBIFY_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
      OIDC_PROVIDERS: JSON.stringify([issuer.provider]),
    },
  });
  try {
    const url = await product.nextMessage<string>();
    const personal = await seedTokens(database.ownerUrl, people, issuer);
    const issued = await Promise.all(people.map(({ userId }) => issuer.issue({ sub: userId })));
    const requestsWith = (tokens: string[]) =>
      people.map((person, at) => trpcRead(person, { authorization: `Bearer ${tokens[at]}` }));
    const [byCookie, byIssued, byPersonal] = [
      people.map((person) => trpcRead(person)),
      requestsWith(issued),
      requestsWith(personal),
    ];
    const results = await takeTurns(
      {
        cookie: () => load.drive(url, byCookie, READ_MS),
        issued: () => load.drive(url, byIssued, READ_MS),
        personal: () => load.drive(url, byPersonal, READ_MS),
      },
      ROUNDS,
    );
    const main = compare("tenants.get with an access token / with a cookie", results.issued, results.cookie);
    return [
      { ...main, aim: { text: `>= ${LEAST_RATIO}`, isHeld: (main.ratio ?? 0) >= LEAST_RATIO } },
      compare("  with a personal access token / with a cookie", results.personal, results.cookie),
    ];
  } finally {
    await Promise.all([product.stop(), load.stop(), issuer.close()]);
  }
}
