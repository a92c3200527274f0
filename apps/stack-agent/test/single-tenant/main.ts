/**
 * Builds the fixture on a PocketBase that runs:
 * `POCKETBASE_URL=... POCKETBASE_SUPERUSER_EMAIL=... POCKETBASE_SUPERUSER_PASSWORD=... node test/single-tenant/main.ts`
 */
import { z } from "zod";
import { buildSingleTenant } from "./build.ts";

const environment = z
  .object({
    POCKETBASE_URL: z.url(),
    POCKETBASE_SUPERUSER_EMAIL: z.email(),
    POCKETBASE_SUPERUSER_PASSWORD: z.string().min(1),
    SEED: z.coerce.number().int().default(1),
  })
  .parse(process.env);
const { counts } = await buildSingleTenant(
  environment.POCKETBASE_URL,
  { email: environment.POCKETBASE_SUPERUSER_EMAIL, password: environment.POCKETBASE_SUPERUSER_PASSWORD },
  { seed: environment.SEED },
);
console.log(JSON.stringify(counts));
