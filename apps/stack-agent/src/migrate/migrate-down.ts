/** Going back to a single-tenant Stack, from wherever an earlier try came to. */
import { ServiceError } from "@kombify/agent-contract";
import type { Client } from "../engine/pocketbase/client.ts";
import { tableOf } from "../engine/pocketbase/namespace-collections.ts";
import { DEFAULT_SLUG } from "../legacy/four.ts";
import { isThere } from "./is-there.ts";
import { createJournal, JOURNAL, type State } from "./journal.ts";
import type { Options, Outcome } from "./migrate-up.ts";
import { remembered } from "./steps.ts";
import { DOWN, isRenamed } from "./steps-back.ts";

async function assertQuiet(client: Client): Promise<void> {
  if (!(await isRenamed(client))) return;
  const open = await client.pb.collection(tableOf("jobs", DEFAULT_SLUG)).getFullList({
    filter: '(state = "running" && lease_owner != "") || (state = "pending" && type = "destroy")',
    fields: "id,type",
  });
  if (open.length === 0) return;
  throw new ServiceError(
    "PRECONDITION",
    `${open.length} jobs of the agent are not finished. Start the agent until they are, stop it, and go back then.`,
  );
}

/** @throws ServiceError PRECONDITION when there is nothing to go back from, or the agent's own jobs are not finished. */
export async function migrateDown(client: Client, { say, signal }: Options): Promise<Outcome> {
  const journal = createJournal(client);
  const known = (await isThere(client, JOURNAL)) ? await journal.state() : null;
  if (!known)
    throw new ServiceError(
      "PRECONDITION",
      "No migration was begun on this PocketBase: there is nothing to go back from.",
    );
  if (known.direction === "up") await assertQuiet(client);
  const state: State = known.direction === "down" ? known : { ...known, direction: "down", done: [] };
  await journal.saveState(state);
  const old = remembered(await journal.originals());
  for (const [i, step] of DOWN.entries()) {
    if (state.done.includes(step.name)) continue;
    signal.throwIfAborted();
    say(`${i + 1}/${DOWN.length} ${step.name}: ${step.title}`);
    const said = await step.run({ client, old, state });
    state.done.push(step.name);
    await journal.saveState(state);
    say(`${i + 1}/${DOWN.length} ${step.name} done: ${said}`);
  }
  await journal.end();
  return "done";
}
