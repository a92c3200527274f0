/** Whether the alias serves right now: it is switched on, the migration is done, the tenant is open. */

import { ServiceError } from "@kombify/agent-contract";
import type { Client } from "../engine/pocketbase/client.ts";
import { isStatus } from "../engine/pocketbase/client.ts";
import { isThere } from "../migrate/is-there.ts";
import { createJournal, JOURNAL } from "../migrate/journal.ts";
import { UP } from "../migrate/steps.ts";
import { readSwitch } from "./switch.ts";
import { type Vocabulary, vocabularyOf } from "./vocabulary.ts";

/** What was found counts for so long, so that an operator's word is followed within seconds. */
const FRESH_MS = 1_000;

export type Standing = {
  /** @throws ServiceError saying why nobody is served now. */
  open(): Promise<{ words: Vocabulary; tenantId: string }>;
  isOn(): Promise<boolean>;
};

/** A gateway's own error would be for somebody in front of us; to an old client, we are PocketBase. */
export const away = (cause: unknown): ServiceError =>
  new ServiceError("UPSTREAM", "The database of this Stack does not answer. Try again in a moment.", {
    cause,
    status: 503,
    retryAfterSeconds: 5,
  });

export function createStanding(home: string, client: Client): Standing {
  let words: Vocabulary | null = null;
  let tenantId = "";
  let seen: { at: number; open: Promise<void> } | null = null;
  const isOn = async (): Promise<boolean> => (await readSwitch(home))?.isOn ?? false;

  const look = async (): Promise<void> => {
    if (!(await isOn()))
      throw new ServiceError("NOT_FOUND", "Old clients are not served here any more. Use the API of the Stack.", {
        status: 410,
      });
    if (!client.pb.authStore.isValid) await client.logIn();
    if (!words) {
      const journal = createJournal(client);
      const state = (await isThere(client, JOURNAL)) ? await journal.state() : null;
      if (state?.direction !== "up" || state.done.length < UP.length)
        throw new ServiceError("PRECONDITION", "This Stack is not a tenant yet. Run migrate multi-tenancy.", {
          status: 503,
          retryAfterSeconds: 30,
        });
      words = vocabularyOf(await journal.originals());
      tenantId = state.tenantId;
    }
    const tenant = await client.pb
      .collection("_tenants")
      .getOne(tenantId)
      .catch((error: unknown) => {
        if (isStatus(error, 404)) return null;
        throw error;
      });
    if (tenant?.state !== "ready") {
      words = null;
      throw new ServiceError("PRECONDITION", "This homelab is not open now. Ask whoever runs it.", {
        status: 503,
        retryAfterSeconds: 30,
      });
    }
  };
  return {
    isOn,
    async open() {
      if (!seen || Date.now() - seen.at > FRESH_MS) {
        const open = look().catch((error: unknown) => {
          throw error instanceof ServiceError && error.code === "UPSTREAM" ? away(error) : error;
        });
        seen = { at: Date.now(), open };
      }
      await seen.open;
      return { words: words as Vocabulary, tenantId };
    },
  };
}
