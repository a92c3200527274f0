/** Making a tenant of a single-tenant Stack, from wherever an earlier try came to. */

import { ServiceError } from "@kombify/agent-contract";
import { v7 as uuid } from "uuid";
import type { Client } from "../engine/pocketbase/client.ts";
import { sharedNames } from "../engine/pocketbase/shared-collections.ts";
import { contentRefusals } from "./content.ts";
import { cutover } from "./cutover.ts";
import { isThere } from "./is-there.ts";
import { createJournal, JOURNAL, type State } from "./journal.ts";
import { remembered, UP } from "./steps.ts";
import { refuse, shapeRefusals, survey } from "./survey.ts";

export type Options = {
  /** Told before and after each step. */
  say(line: string): void;
  /** Aborted when the operator wants to stop: the step under way ends, the next does not begin. */
  signal: AbortSignal;
};
export type Outcome = "done" | "already done";

/** Looks at everything first; what stands in the way is refused before anything is touched. */
async function begin(client: Client, say: Options["say"]): Promise<State> {
  const found = await survey(client);
  const shape = shapeRefusals(found);
  refuse(shape.length > 0 ? shape : await contentRefusals(client, found.four));
  // Throws for a field that cannot become what it has to be.
  const changes = cutover(found);
  const { batch } = await client.pb.settings.getAll();
  const there = new Set(found.collections.map(({ name }) => name));
  const made = sharedNames.filter((name) => !there.has(name));
  const state: State = {
    tenantId: uuid(),
    direction: "up",
    done: [],
    made,
    batch,
    startedAt: new Date().toISOString(),
  };
  await createJournal(client).begin(
    state,
    changes.flatMap(({ has }) => has ?? []),
  );
  say(`begun: ${changes.length} collections noted as they are`);
  return state;
}

/**
 * @throws ServiceError PRECONDITION when something stands in the way, or when an earlier migration is on its way back.
 */
export async function migrateUp(client: Client, { say, signal }: Options): Promise<Outcome> {
  const journal = createJournal(client);
  const known = (await isThere(client, JOURNAL)) ? await journal.state() : null;
  if (known?.direction === "down")
    throw new ServiceError("PRECONDITION", "This Stack is on its way back. Let --down finish first.");
  const state = known ?? (await begin(client, say));
  if (state.done.length === UP.length) return "already done";
  const old = remembered(await journal.originals());
  for (const [i, step] of UP.entries()) {
    if (state.done.includes(step.name)) continue;
    signal.throwIfAborted();
    say(`${i + 1}/${UP.length} ${step.name}: ${step.title}`);
    const said = await step.run({ client, journal, tenantId: state.tenantId, old });
    state.done.push(step.name);
    await journal.saveState(state);
    say(`${i + 1}/${UP.length} ${step.name} done: ${said}`);
  }
  return "done";
}
