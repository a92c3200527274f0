/** How much the alias is still needed: counted as it happens, stored now and then, told once a day. */
import type { Logger } from "@kombify/server";
import { type AliasUsage, readUsage, writeUsage } from "./switch.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Clients beyond these many are counted together: anybody can call themselves anything. */
const MAX_CLIENTS = 100;
const MAX_NAME = 120;

export type Usage = {
  count(kind: string, client: string): void;
  /** Tells the log, and begins anew. */
  tell(why: string): void;
  /** Stores what was counted, and tells it when a day is over. */
  tick(): Promise<void>;
};

const fresh = (): AliasUsage => ({ since: new Date().toISOString(), lastAt: null, total: 0, byKind: {}, byClient: {} });

function add(counts: Record<string, number>, name: string): void {
  counts[name] = (Object.hasOwn(counts, name) ? (counts[name] ?? 0) : 0) + 1;
}

export async function countUsage(home: string, log: Logger): Promise<Usage> {
  let usage = (await readUsage(home)) ?? fresh();
  let isStored = true;
  const usageTold = (why: string): void => {
    log.info({ ...usage, why }, "calls that old clients made to the alias");
  };
  return {
    count(kind, client) {
      const name = client.slice(0, MAX_NAME) || "no name";
      const isKnown = Object.hasOwn(usage.byClient, name) || Object.keys(usage.byClient).length < MAX_CLIENTS;
      const counted = isKnown ? name : "others";
      usage.total += 1;
      usage.lastAt = new Date().toISOString();
      add(usage.byKind, kind);
      add(usage.byClient, counted);
      isStored = false;
    },
    tell: usageTold,
    async tick() {
      if (Date.now() - Date.parse(usage.since) > DAY_MS) {
        usageTold("a day is over");
        usage = fresh();
        isStored = false;
      }
      if (isStored) return;
      isStored = true;
      await writeUsage(home, usage);
    },
  };
}
