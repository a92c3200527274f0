import { ServiceError } from "@kombify/agent-contract";
import type { Engine } from "../../engine/engine.ts";
import type { NamespaceSum } from "../../engine/transfer.ts";
import type { Host } from "../host.ts";
import { carryTenant } from "./carry-shared.ts";
import { type CatchUpOptions, type CaughtUp, catchUp } from "./catch-up.ts";
import { createTargetMemory } from "./target-memory.ts";

/** Few enough to be put while somebody's writes wait. */
const FEW_CHANGES = 200;
/** A tenant that writes faster than it is copied is cut over with what is left. */
const MAX_ROUNDS = 5;

export type Moved = { sums: NamespaceSum; pausedMs: number };
export type MoveNamespaceOptions = {
  from: Engine;
  to: Engine;
  slug: string;
  signal: AbortSignal;
  /** `changed` is null for a round that the tenant's own writes overtook. */
  onRound: (round: number, changed: number | null) => void;
};

type Ends = Omit<CatchUpOptions, "signal">;

/** What happens when somebody writes while a namespace is read; the next round, or the pause, makes it good. */
const isOvertaken = (error: unknown): boolean =>
  error instanceof ServiceError && (error.code === "CONFLICT" || error.code === "NOT_FOUND");

async function prepare({ from, to, slug }: MoveNamespaceOptions): Promise<void> {
  const tenant = await from.shared.findTenant(slug);
  if (tenant) await carryTenant(tenant, to);
  // Of collections that nobody knows the version is not known either.
  else await from.upgradeNamespace(slug);
  await to.createNamespace(slug);
  // One that an earlier move left behind may be of an older version.
  await to.upgradeNamespace(slug);
}

/** Copies while the tenant goes on working, until there is little left for the pause. */
async function copy({ signal, onRound }: MoveNamespaceOptions, ends: Ends): Promise<void> {
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const changed = await catchUp({ ...ends, signal }).then(
      (caughtUp) => caughtUp.changed,
      (error: unknown) => {
        if (!isOvertaken(error)) throw error;
        return null;
      },
    );
    onRound(round, changed);
    signal.throwIfAborted();
    if (changed !== null && changed <= FEW_CHANGES) return;
  }
}

/** The last round, in which nobody writes. */
async function finalCatchUp(options: MoveNamespaceOptions, ends: Ends): Promise<CaughtUp> {
  const { to, slug, signal } = options;
  try {
    return await catchUp({ ...ends, signal });
  } catch (error) {
    if (!isOvertaken(error)) throw error;
    // Names that passed from one record to another cannot be written one after the other over what is there.
    await to.dropNamespace(slug);
    await prepare(options);
    return await catchUp({ ...ends, memory: createTargetMemory(), signal });
  }
}

/** Makes the copy the one that is served. The tenant's writes are paused. */
async function cutOver({ engines, gate }: Host, options: MoveNamespaceOptions, ends: Ends): Promise<NamespaceSum> {
  const { from, to, slug } = options;
  await from.sealNamespace(slug);
  try {
    const { sums, differing } = await finalCatchUp(options, ends);
    if (differing.length > 0)
      throw new ServiceError(
        "UPSTREAM",
        `${slug}: the ${differing.join(" and ")} on ${to.kind} are not those on ${from.kind}.`,
      );
    const state = engines.state();
    if (!state.move) throw new Error("A namespace moved and no move is under way.");
    await engines.save({ ...state, move: { ...state.move, moved: [...state.move.moved, slug] } });
    gate.route(slug, to);
    return sums;
  } catch (error) {
    await from.upgradeNamespace(slug);
    throw error;
  }
}

/**
 * Moves a namespace: copied while its tenant goes on working, then compared and brought up to date in a pause of the
 * tenant's writes, then served from there.
 * @returns null when the tenant was removed meanwhile.
 * @throws ServiceError UPSTREAM when the copy is not what it should be; the namespace is then still served from where it was.
 */
export async function moveNamespace(host: Host, options: MoveNamespaceOptions): Promise<Moved | null> {
  const { gate, log } = host;
  const { from, to, slug } = options;
  const ends: Ends = { from: from.transfer(slug), to: to.transfer(slug), memory: createTargetMemory() };
  await prepare(options);
  await copy(options, ends);
  const resume = await gate.pause(slug, "This homelab is being moved to another engine.");
  const pausedAt = performance.now();
  try {
    if (!(await from.listNamespaces()).includes(slug)) {
      await to.dropNamespace(slug);
      return null;
    }
    const sums = await cutOver(host, options, ends);
    const pausedMs = Math.round(performance.now() - pausedAt);
    log.info({ slug, pausedMs, from: from.kind, to: to.kind }, "namespace moved");
    return { sums, pausedMs };
  } finally {
    resume();
  }
}
