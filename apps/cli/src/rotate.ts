import { type RotationView, readRotation, startRotation } from "@kombify/api";
import { ROTATION_KINDS, rotationKindSchema } from "@kombify/api/schemas";
import { Argument, type Command } from "commander";
import { CommandError, withControlPlane } from "./control-plane.ts";

type Plane = Parameters<Parameters<typeof withControlPlane>[0]>[0];

/** How long nothing may happen before the person is told what may be missing. Milliseconds. */
const QUIET_MS = 20_000;

/** What is new of a rotation since it was printed last: one line for each step that began, waits or ended. */
export function newLines(rotation: RotationView, printed: Set<string>): string[] {
  const lines = rotation.steps.flatMap(({ name, state, detail }) => {
    if (state === "not-begun") return [];
    const mark =
      state === "done" ? "done   " : state === "failed" ? "failed " : state === "waiting" ? "waits  " : "runs   ";
    return [`${mark} ${name}${detail ? `: ${detail}` : ""}`];
  });
  return lines.filter((line) => {
    if (printed.has(line)) return false;
    printed.add(line);
    return true;
  });
}

/**
 * Prints a rotation until it has ended. The worker carries it out: to stop looking stops nothing.
 * @throws CommandError when a step fails.
 */
export async function followRotation(plane: Plane, id: string): Promise<void> {
  const ctx = plane.asSystem("command line");
  const printed = new Set<string>();
  const stopped = new AbortController();
  const stream = plane.can.changes.stream(({ noun }) => noun === "rotations", stopped.signal)[Symbol.asyncIterator]();
  try {
    for (let next = stream.next(); ; next = stream.next()) {
      const rotation = await readRotation(ctx, id);
      if (!rotation) throw new CommandError("The rotation is gone.");
      for (const line of newLines(rotation, printed)) console.log(`${new Date().toISOString()}  ${line}`);
      if (rotation.error)
        throw new CommandError(
          `A step failed; the worker tries it again. Admin, Settings, shows how it goes on. ${rotation.error}`,
        );
      if (rotation.finishedAt) {
        if (rotation.cancelledAt) throw new CommandError("It was cancelled, and taken back.");
        return;
      }
      const quiet = setTimeout(() => {
        if (printed.size === 0) console.error("Nothing happens. Does the worker run? It is part of `npm start`.");
      }, QUIET_MS);
      await next;
      clearTimeout(quiet);
    }
  } finally {
    stopped.abort();
  }
}

async function rotate(name: string): Promise<void> {
  const kind = rotationKindSchema.parse(name);
  await withControlPlane(async (plane) => {
    const { id } = await startRotation(plane.asSystem("command line"), { kind });
    console.log(`Exchange ${id} begins. Ctrl-C stops looking at it, not the exchange.`);
    await followRotation(plane, id);
    console.log("Done.");
  });
}

/** `rotate <kind>`. */
export function addRotate(program: Command): void {
  program
    .command("rotate")
    .description("exchange keys without downtime, and see each step")
    .addArgument(new Argument("<kind>", "what to exchange").choices(ROTATION_KINDS))
    .action(rotate);
}
