/**
 * Which engine a home has its data on. `engine.json` says so from the first start on; while the host moves to another
 * engine it also says which namespaces are there already.
 */
import { join } from "node:path";
import { type EngineKind, engineSchema } from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import { z } from "zod";
import { readIfThere, replaceFile } from "../durable-file.ts";
import type { Engine } from "./engine.ts";
import { createGate, type Gate } from "./gate/gate.ts";

const stateSchema = z.object({
  engine: engineSchema,
  /** Unfinished move, which goes on when the command is given again. */
  move: z.object({ to: engineSchema, startedAt: z.iso.datetime(), moved: z.array(z.string()) }).nullable(),
  /** Engines that hold what was there when the host moved away. */
  left: z.array(engineSchema),
});
export type EngineState = z.infer<typeof stateSchema>;

type OnStop = (stop: () => Promise<void>) => void;
export type OpenEngine = (kind: EngineKind, onStop: OnStop) => Promise<Engine>;

export type HomeEngines = {
  gate: Gate;
  state(): EngineState;
  /** On the disk when it resolves. */
  save(next: EngineState): Promise<void>;
  /** Opens an engine, or gives the one that is open. */
  open(kind: EngineKind): Promise<Engine>;
  /** Stops an engine that nobody uses any more. */
  close(kind: EngineKind): Promise<void>;
};

type Opened = { engine: Engine; stops: Array<() => Promise<void>> };

async function stopAll({ engine, stops }: Opened): Promise<void> {
  await engine.close();
  for (const stop of stops.reverse()) await stop();
}

/** Keeps engines open until they are closed. A failed opening leaves nothing running. */
function createPool(open: OpenEngine, onStop: OnStop) {
  const pool = new Map<EngineKind, Opened>();
  onStop(async () => {
    for (const opened of pool.values()) await stopAll(opened);
  });
  return {
    async open(kind: EngineKind): Promise<Engine> {
      const known = pool.get(kind);
      if (known) return known.engine;
      const stops: Opened["stops"] = [];
      try {
        const engine = await open(kind, (stop) => void stops.push(stop));
        pool.set(kind, { engine, stops });
        return engine;
      } catch (error) {
        for (const stop of stops.reverse()) await stop();
        throw error;
      }
    },
    async close(kind: EngineKind): Promise<void> {
      const opened = pool.get(kind);
      pool.delete(kind);
      if (opened) await stopAll(opened);
    },
  };
}

type HomeEnginesOptions = {
  home: string;
  joinedWith: EngineKind;
  asked: EngineKind | undefined;
  open: OpenEngine;
  log: Logger;
};

/**
 * Opens what a home has its data on: what `engine.json` says, and the first time what it joined with. Whoever asks for
 * another engine is told how to get it.
 * @param onStop told what to stop later.
 */
export async function openHomeEngines(
  { home, joinedWith, asked, open, log }: HomeEnginesOptions,
  onStop: OnStop,
): Promise<HomeEngines> {
  const file = join(home, "engine.json");
  const text = await readIfThere(file);
  const fresh: EngineState = { engine: joinedWith, move: null, left: [] };
  let state = text === null ? fresh : stateSchema.parse(JSON.parse(text));
  if (asked && asked !== state.engine)
    log.warn(
      { engine: state.engine, KOMBIFY_ENGINE: asked },
      `this host is on ${state.engine} and stays there; to change that: kombify-agent engine move --from ${state.engine} --to ${asked}`,
    );
  const pool = createPool(open, onStop);
  const gate = createGate(await pool.open(state.engine));
  const save = async (next: EngineState): Promise<void> => {
    await replaceFile(file, `${JSON.stringify(next, null, 2)}\n`);
    state = next;
  };
  if (text === null) await save(state);
  if (state.move) {
    const target = await pool.open(state.move.to);
    gate.setMoving(true);
    for (const slug of state.move.moved) gate.route(slug, target);
    log.warn({ to: state.move.to, moved: state.move.moved.length }, "this host is on its way to another engine");
  }
  return { gate, state: () => state, save, open: pool.open, close: pool.close };
}
