/** What flags of a thousand tenants hold in memory, ready to answer and asked for once each. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createFlagSetCache, envelopeOf, type FlagSet, sealDocument } from "@kombify/flags";
import type { Row } from "../table.ts";
import { bareCore } from "./bare.ts";
import { contexts, FLAGS, flagsOf } from "./tenants.ts";

const TENANTS = 1_000;
/** Of contents that nobody shares, so many are measured, and the sum is counted up: all of them would take minutes to load. */
const SAMPLE = 100;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What is reached through weak references goes with the second collection. */
async function settle(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Bytes of the heap that what it makes holds. */
async function held(make: () => unknown): Promise<number> {
  // Once before, so that what is only made once, such as compiled code, is on no side.
  make();
  await settle();
  const before = process.memoryUsage().heapUsed;
  const kept = make();
  await settle();
  const bytes = process.memoryUsage().heapUsed - before;
  // Still needed here, so it was not collected above.
  if (!kept) throw new Error("Nothing was made.");
  return bytes;
}

/** Documents and their sets, as a host keeps them. @param nameOf part of a tenant's flags: the same name, the same content. */
function tenants(count: number, nameOf: (n: number) => string, use: (flagSet: FlagSet) => void): () => unknown {
  return () => {
    const cache = createFlagSetCache(count);
    return Array.from({ length: count }, (_, n) => {
      const tenant = `t-${n}`;
      // As it arrives: parsed by itself, and dropped where its content is there already.
      const flags = JSON.parse(JSON.stringify(flagsOf("t", nameOf(n)))) as ReturnType<typeof flagsOf>;
      const document = sealDocument(
        { tenant, revision: 1, context: { tenantId: tenant, tenant, plan: "pro" }, flags },
        new Date(0),
      );
      const envelope = envelopeOf(document);
      const flagSet = cache.of(document.flagsDigest, () => flags);
      use(flagSet);
      return { envelope, flagSet };
    });
  };
}

const format = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
const context = contexts[0] ?? {};
const asked = (flagSet: FlagSet) => void flagSet.evaluateAll(context);
const unasked = () => {};

export async function measureFlagMemory(): Promise<Row[]> {
  const scale = TENANTS / SAMPLE;
  const bare =
    scale *
    (await held(() =>
      Array.from({ length: SAMPLE }, (_, n) => {
        const core = bareCore(flagsOf("t", `${n}`));
        core.resolveAll(context);
        return core;
      }),
    ));
  const row = (what: string, bytes: number): Row => ({
    what: `memory of ${TENANTS.toLocaleString("en")} tenants x ${FLAGS} flags: ${what}`,
    ours: format(bytes),
    reference: format(bare),
    ratio: bytes / bare,
  });
  return [
    row("the same for all", await held(tenants(TENANTS, () => "", asked))),
    row("each its own, not asked for", scale * (await held(tenants(SAMPLE, (n) => `${n}`, unasked)))),
    row("each its own, all asked for", scale * (await held(tenants(SAMPLE, (n) => `${n}`, asked)))),
  ];
}
