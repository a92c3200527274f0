/**
 * Moves a host from one engine to another while it serves. What has moved is on the disk before it is served from there, so
 * that an interrupted move goes on where it was, whenever it was interrupted. See ADR 0012.
 */
import { type EngineKind, ServiceError } from "@kombify/agent-contract";
import type { Engine } from "../../engine/engine.ts";
import type { Host } from "../host.ts";
import { carryShared } from "./carry-shared.ts";
import { assertMovable } from "./movable.ts";
import { type Moved, moveNamespace } from "./move-namespace.ts";

export type MoveProgress =
  | { step: "copy"; slug: string; round: number; changed: number | null; done: number; total: number }
  | ({ step: "moved"; slug: string; done: number; total: number } & Moved)
  | { step: "settle" };
/** `namespaces` moved by this run; `pausedMs` the pause of everybody's writes at the end. */
export type MoveResult = { engine: EngineKind; namespaces: number; pausedMs: number; longestPauseMs: number };

type MoveOptions = { onProgress: (progress: MoveProgress) => void; signal: AbortSignal };

/** Nothing of somebody else's may be on the engine that a move writes to. */
async function clearTarget({ engines }: Host, from: Engine, to: Engine): Promise<void> {
  const [wanted, there] = await Promise.all([from.listNamespaces(), to.listNamespaces()]);
  const isOurs = engines.state().left.includes(to.kind);
  if (there.length > 0 && !isOurs)
    throw new ServiceError(
      "CONFLICT",
      `The ${to.kind} of this host holds collections that did not come from here: ${there.join(", ")}. Give this host an empty one.`,
    );
  for (const slug of there) if (!wanted.includes(slug)) await to.dropNamespace(slug);
}

async function begin(host: Host, wish: { from: EngineKind; to: EngineKind }): Promise<{ from: Engine; to: Engine }> {
  const { engines, gate } = host;
  const state = engines.state();
  if (state.move && (state.engine !== wish.from || state.move.to !== wish.to))
    throw new ServiceError(
      "PRECONDITION",
      `This host is on its way to ${state.move.to}. Finish that first: --from ${state.engine} --to ${state.move.to}.`,
    );
  if (state.engine !== wish.from)
    throw new ServiceError("PRECONDITION", `This host is on ${state.engine}. Say --from ${state.engine}.`);
  await assertMovable(host, wish.to);
  const from = gate.home();
  const to = await engines.open(wish.to);
  if (!state.move) {
    await clearTarget(host, from, to);
    const left = state.left.filter((kind) => kind !== wish.to);
    await engines.save({ ...state, move: { to: wish.to, startedAt: new Date().toISOString(), moved: [] }, left });
  }
  gate.setMoving(true);
  return { from, to };
}

/** Copies of tenants that were removed before they had moved. */
async function dropLeftovers({ engines }: Host, to: Engine): Promise<void> {
  const moved = new Set(engines.state().move?.moved);
  for (const slug of await to.listNamespaces()) if (!moved.has(slug)) await to.dropNamespace(slug);
}

/** Carries the shared collections over and makes the new engine the host's own; null when a tenant came in between. */
async function settle(host: Host, from: Engine, to: Engine, isLeft: () => Promise<boolean>): Promise<number | null> {
  const { engines, gate, log } = host;
  await carryShared(from, to);
  const resume = await gate.pauseAll("This host is being moved to another engine.");
  const pausedAt = performance.now();
  try {
    if (await isLeft()) return null;
    await dropLeftovers(host, to);
    await carryShared(from, to);
    const { left } = engines.state();
    await engines.save({ engine: to.kind, move: null, left: [...left, from.kind] });
    gate.settle(to);
    gate.setMoving(false);
  } finally {
    resume();
  }
  const pausedMs = Math.round(performance.now() - pausedAt);
  log.info({ from: from.kind, to: to.kind, pausedMs }, "this host is on another engine now");
  await gate.idle(from);
  await engines.close(from.kind);
  return pausedMs;
}

/**
 * @param signal heard between batches; what has moved stays moved, and the same command goes on from there.
 * @throws ServiceError PRECONDITION and CONFLICT for a move that cannot begin; UPSTREAM for a copy that is not right.
 */
export function moveEngine(
  host: Host,
  wish: { from: EngineKind; to: EngineKind },
  { onProgress, signal }: MoveOptions,
): Promise<MoveResult> {
  return host.alone("a move to another engine", async () => {
    const { engines } = host;
    if (wish.from === wish.to) throw new ServiceError("INVALID", "Say two different engines with --from and --to.");
    const result: MoveResult = { engine: wish.to, namespaces: 0, pausedMs: 0, longestPauseMs: 0 };
    const { engine, move } = engines.state();
    if (engine === wish.to && !move) return result;
    await host.staging.sweep();
    const { from, to } = await begin(host, wish);
    const waiting = async () => {
      const moved = new Set(engines.state().move?.moved);
      return (await from.listNamespaces()).filter((slug) => !moved.has(slug));
    };
    for (;;) {
      signal.throwIfAborted();
      const slugs = await waiting();
      const total = (engines.state().move?.moved.length ?? 0) + slugs.length;
      for (const [index, slug] of slugs.entries()) {
        signal.throwIfAborted();
        const count = { slug, done: total - slugs.length + index, total };
        const onRound = (round: number, changed: number | null) =>
          onProgress({ step: "copy", round, changed, ...count });
        const moved = await moveNamespace(host, { from, to, slug, signal, onRound });
        if (!moved) continue;
        result.namespaces += 1;
        result.longestPauseMs = Math.max(result.longestPauseMs, moved.pausedMs);
        onProgress({ step: "moved", ...count, done: count.done + 1, ...moved });
      }
      if (slugs.length > 0) continue;
      onProgress({ step: "settle" });
      const pausedMs = await settle(host, from, to, async () => (await waiting()).length > 0);
      if (pausedMs !== null) return { ...result, pausedMs };
    }
  });
}
