/** Words of old Stacks for what a stack, a node or a job is, and which of ours each of them becomes. */
import {
  JOB_STATES,
  JOB_TYPES,
  MEMBER_ROLES,
  NODE_ROLES,
  NODE_STATUSES,
  STACK_MODES,
  STACK_STATUSES,
} from "@kombify/agent-contract";
import type { PocketBaseField } from "../engine/pocketbase/client.ts";
import type { Collection } from "../engine/records.ts";

/** Words of old Stacks for the values that we know. */
export type Translation = {
  column: string;
  known: readonly string[];
  words: Readonly<Record<string, string>>;
  otherwise: string;
};

export const TRANSLATIONS: Record<Collection, readonly Translation[]> = {
  users: [
    {
      column: "role",
      known: MEMBER_ROLES,
      words: { administrator: "admin", superadmin: "owner", readonly: "viewer", guest: "viewer" },
      otherwise: "member",
    },
  ],
  stacks: [
    { column: "mode", known: STACK_MODES, words: { advanced: "techie", expert: "techie" }, otherwise: "easy" },
    {
      column: "status",
      known: STACK_STATUSES,
      words: {
        active: "running",
        deployed: "running",
        deploying: "provisioning",
        failed: "error",
        inactive: "stopped",
      },
      otherwise: "draft",
    },
  ],
  nodes: [
    {
      column: "role",
      known: NODE_ROLES,
      words: { master: "main", server: "main", agent: "worker", control_plane: "control-plane" },
      otherwise: "foundation",
    },
    {
      column: "status",
      known: NODE_STATUSES,
      words: { online: "connected", ready: "connected", approved: "connected", active: "connected" },
      otherwise: "pending",
    },
  ],
  jobs: [
    { column: "type", known: JOB_TYPES, words: { install: "provision", remove: "destroy" }, otherwise: "update" },
    {
      column: "state",
      known: JOB_STATES,
      words: { cancelled: "canceled", queued: "pending", done: "completed", success: "completed", error: "failed" },
      otherwise: "failed",
    },
  ],
};

/** What becomes of the values of one field. `back` has those that can be told apart afterwards: old clients go on reading them. */
export type Words = { to: ReadonlyMap<string, string>; back: ReadonlyMap<string, string> };

/** Two spellings of one word: nobody uses both. */
const SPELLINGS = new Map([["canceled", "cancelled"]]);

/** Null for a field whose values stay. */
export function wordsOf(collection: Collection, field: PocketBaseField): Words | null {
  const translation = TRANSLATIONS[collection].find(({ column }) => column === field.name);
  if (!translation) return null;
  const { known, words, otherwise } = translation;
  if (field.type !== "select") return { to: new Map(Object.entries(words)), back: SPELLINGS };
  const values = (field.values ?? []) as string[];
  const became = (value: string) => (known.includes(value) ? value : (words[value.toLowerCase()] ?? otherwise));
  const to = new Map(values.filter((value) => became(value) !== value).map((value) => [value, became(value)]));
  const isAlone = (value: string) => values.filter((other) => became(other) === became(value)).length === 1;
  return { to, back: new Map([...to].filter(([from]) => isAlone(from)).map(([from, word]) => [word, from])) };
}
