/** Evaluations a second against the library by itself, on the same flags and contexts. */
import { createFlagSet } from "@kombify/flags";
import { median, medianRatio, takeTurns } from "../measure.ts";
import type { Row } from "../table.ts";
import { bareCore } from "./bare.ts";
import { contexts, FLAGS, flagsOf } from "./tenants.ts";

const ROUNDS = 15;
/** Of one turn. */
const TURN_MS = 400;
const AIM = 0.8;

/** How often a second, one context after another. */
async function rate(work: (index: number) => void): Promise<number> {
  const startedAt = performance.now();
  let done = 0;
  let elapsedMs = 0;
  while (elapsedMs < TURN_MS) {
    for (let step = 0; step < 100; step++) work(done++);
    elapsedMs = performance.now() - startedAt;
  }
  return (done / elapsedMs) * 1_000;
}

const format = (perSecond: number): string => `${Math.round(perSecond).toLocaleString("en")}/s`;

function rowOf(what: string, { ours, bare }: { ours: number[]; bare: number[] }): Row {
  const ratio = medianRatio(ours, bare);
  const aim = { text: `at least ${AIM}`, isHeld: ratio >= AIM };
  return { what, ours: format(median(ours)), reference: format(median(bare)), ratio, aim };
}

export async function measureFlagEvaluations(): Promise<Row[]> {
  const flags = flagsOf("tenant-1");
  const core = bareCore(flags);
  const flagSet = createFlagSet(flags);
  const { keys } = flagSet;
  const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

  const single = await takeTurns(
    {
      ours: () => rate((index) => void flagSet.evaluate(at(keys, index), at(contexts, index))),
      bare: () => rate((index) => void core.resolveStringEvaluation(at(keys, index), "off", at(contexts, index))),
    },
    ROUNDS,
  );
  const whole = await takeTurns(
    {
      ours: () => rate((index) => void flagSet.evaluateAll(at(contexts, index))),
      bare: () => rate((index) => void core.resolveAll(at(contexts, index))),
    },
    ROUNDS,
  );
  return [
    rowOf("a flag evaluated / by the library alone", single),
    rowOf(`all ${FLAGS} flags of a tenant / by the library alone`, whole),
  ];
}
