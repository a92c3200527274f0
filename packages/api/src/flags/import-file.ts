/**
 * Takes over a flagd flag-definition file: all of it or, when anything in it cannot be, nothing. Flags that need a second
 * person are asked for one by one afterwards, and wait.
 */
import { flagKeySchema, ServiceError, variantNameSchema } from "@kombify/agent-contract";
import type { Transaction } from "@kombify/db";
import { flagSegments, flagSettings, flags } from "@kombify/db/schema";
import { eq } from "drizzle-orm";
import type { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { VerbContext } from "../context.ts";
import { applyChanges, type FlagChangeRequest, lockFlags } from "./apply-change.ts";
import { needsApproval } from "./approval.ts";
import { differencesOf } from "./differences.ts";
import { SEGMENT_DESCRIPTION } from "./export-file.ts";
import { stateOfEntry } from "./flag-file.ts";
import { definitionOf, type FlagState, isSameState, stateOf } from "./flag-state.ts";
import { asProposal } from "./proposal.ts";
import { type FlagOutcomeView, flagKeyInput, type ImportedFlagsView, type importFlagsInput } from "./schemas.ts";
import { refsIn } from "./segment-use.ts";
import { checkSegments, writeSegment } from "./write-segment.ts";

type Input = z.output<typeof importFlagsInput>;
type Item = ImportedFlagsView["items"][number];
interface Plan {
  item: Item;
  change: FlagChangeRequest;
  needsApproval: boolean;
}

/** Carries what would have happened out of a transaction that must not happen. */
class OnlyTried extends Error {
  readonly items: Item[];
  constructor(items: Item[]) {
    super("A dry run");
    this.items = items;
  }
}

/** Names are parts of paths here, and have to be fit for it. @throws ServiceError INVALID that names each that is not. */
function refuseNames({ flags: entries, $evaluators = {} }: Input["file"]): void {
  const wrong = [
    ...Object.keys(entries).map((key) => ({
      path: `file.flags.${key}`,
      result: flagKeyInput.shape.key.safeParse(key),
    })),
    ...Object.entries(entries).flatMap(([key, { variants }]) =>
      Object.keys(typeof variants === "object" && variants !== null ? variants : {}).map((name) => ({
        path: `file.flags.${key}.variants.${name}`,
        result: variantNameSchema.safeParse(name),
      })),
    ),
    ...Object.keys($evaluators).map((key) => ({
      path: `file.$evaluators.${key}`,
      result: flagKeySchema.safeParse(key),
    })),
  ].flatMap(({ path, result }) => (result.success ? [] : [{ path, message: result.error.issues[0]?.message ?? "" }]));
  const [first] = wrong;
  if (first)
    throw new ServiceError("INVALID", `${first.path.replace("file.", "")} cannot be called so here. ${first.message}`, {
      fields: wrong.slice(0, 50),
    });
}

/** What the file says beside flags and segments. */
async function writeSettings(tx: Transaction, { file, mode }: Input): Promise<void> {
  const [settings] = await tx.select().from(flagSettings);
  const { flags: _, $evaluators, metadata = {}, ...rest } = file;
  const own = Object.entries(metadata).filter(([name]) => !name.startsWith(SEGMENT_DESCRIPTION));
  const isBare = (value: object | undefined) => value !== undefined && Object.keys(value).length === 0;
  const extras = {
    ...rest,
    ...(isBare($evaluators) ? { $evaluators: {} } : {}),
    ...(isBare(file.metadata) ? { metadata: {} } : {}),
  };
  const kept = mode === "merge" ? settings : undefined;
  await tx
    .update(flagSettings)
    .set({
      metadata: { ...kept?.metadata, ...Object.fromEntries(own) },
      fileExtras: { ...kept?.fileExtras, ...extras },
    })
    .where(eq(flagSettings.id, 1));
}

const segmentAfter = ({ file }: Input, key: string, description: string) => {
  const logic = file.$evaluators?.[key];
  const said = file.metadata?.[`${SEGMENT_DESCRIPTION}${key}`];
  return logic ? { logic, description: said === undefined ? description : String(said) } : null;
};

/** Segments that leave, each before those that it refers to: one that another is made of is not let go. */
function outermostFirst(rows: ReadonlyMap<string, { logic: unknown }>, staying: readonly string[]): string[] {
  const left = new Set([...rows.keys()].filter((key) => !staying.includes(key)));
  const order: string[] = [];
  while (left.size > 0) {
    const inner = new Set([...left].flatMap((key) => refsIn(rows.get(key)?.logic)));
    const outer = [...left].filter((key) => !inner.has(key));
    // None is outermost only where they go round in a circle, which saving refuses.
    for (const key of outer.length > 0 ? outer : [...left]) {
      order.push(key);
      left.delete(key);
    }
  }
  return order;
}

async function writeSegments(tx: Transaction, ctx: VerbContext, input: Input, isLeaving: boolean): Promise<Item[]> {
  const rows = new Map((await tx.select().from(flagSegments)).map((row) => [row.key, row]));
  const named = Object.keys(input.file.$evaluators ?? {});
  const leaving = input.mode === "replace" ? outermostFirst(rows, named) : [];
  const items: Item[] = [];
  for (const key of isLeaving ? leaving : named) {
    const row = rows.get(key);
    const after = segmentAfter(input, key, (input.mode === "merge" && row?.description) || "");
    const isChanged = await writeSegment(tx, ctx, { key, after, note: "Imported" }, row);
    const logic = { what: "Condition", before: row ? JSON.stringify(row.logic) : null };
    items.push({
      noun: "segment",
      key,
      outcome: !isChanged ? "unchanged" : !after ? "removed" : row ? "updated" : "created",
      differences: isChanged ? [{ ...logic, after: after ? JSON.stringify(after.logic) : null }] : [],
    });
  }
  return items;
}

function planOf(key: string, input: Input, row: typeof flags.$inferSelect | undefined): Plan {
  const before = row ? stateOf(row) : null;
  const entry = input.file.flags[key];
  const start: Partial<FlagState> = before && input.mode === "merge" ? before : { owner: input.owner };
  const after = entry ? stateOfEntry(key, entry, start) : null;
  const isSame = before && after && isSameState(before, after);
  const differences = isSame ? [] : differencesOf(before, after);
  const outcome = isSame ? "unchanged" : !after ? "removed" : before ? "updated" : "created";
  const about = { flagKey: key, baseVersion: row?.version ?? 0, note: "Imported" };
  const wasKilled = before?.killedAt?.getTime() === after?.killedAt?.getTime();
  const kill = after?.killedAt ? { at: after.killedAt.toISOString(), reason: after.killedReason } : null;
  const more = { action: "import", fileExtras: after?.fileExtras ?? {}, ...(wasKilled ? {} : { kill }) } as const;
  const change: FlagChangeRequest = after
    ? { ...about, kind: "update", proposal: asProposal(definitionOf(after), more) }
    : { ...about, kind: "remove", proposal: {} };
  return {
    item: { noun: "flag", key, outcome, differences },
    needsApproval: !isSame && needsApproval(change, before?.isSensitive ?? false),
    change,
  };
}

async function noteImport(tx: Transaction, ctx: VerbContext, items: Item[]): Promise<void> {
  const count = (outcome: Item["outcome"]) => items.filter((item) => item.outcome === outcome).length;
  await recordAudit(tx, ctx, {
    action: "flags.importFile",
    targetKind: "flags",
    targetId: "*",
    summary: `Imported a file of flags: ${count("created")} made, ${count("updated")} changed, ${count("removed")} removed, ${count("waiting_for_approval")} to be approved`,
  });
}

async function takeOver(tx: Transaction, ctx: VerbContext, input: Input): Promise<{ items: Item[]; waiting: Plan[] }> {
  await lockFlags(tx);
  const segments = await writeSegments(tx, ctx, input, false);
  const rows = new Map((await tx.select().from(flags)).map((row) => [row.key, row]));
  const named = Object.keys(input.file.flags);
  const keys = input.mode === "replace" ? [...new Set([...named, ...rows.keys()])] : named;
  const plans = keys.map((key) => planOf(key, input, rows.get(key)));
  const atOnce = plans.filter(({ item, needsApproval }) => item.outcome !== "unchanged" && !needsApproval);
  await applyChanges(
    tx,
    ctx,
    atOnce.map(({ change }) => change),
  );
  const gone = await writeSegments(tx, ctx, input, true);
  await checkSegments(tx, Object.keys(input.file.$evaluators ?? {}));
  await writeSettings(tx, input);
  const waiting = plans.filter(({ needsApproval }) => needsApproval);
  for (const { item } of waiting) item.outcome = "waiting_for_approval";
  const items = [...segments, ...gone, ...plans.map(({ item }) => item)];
  if (items.some(({ outcome }) => outcome !== "unchanged")) await noteImport(tx, ctx, items);
  return { items, waiting };
}

/** By then the rest is written: whoever imports has to know. */
const refuseRest =
  (key: string) =>
  (error: unknown): never => {
    if (!(error instanceof ServiceError)) throw error;
    throw new ServiceError(
      error.code,
      `All that needs no second person was taken over. ${key} could not be asked for: ${error.message}`,
      { cause: error },
    );
  };

/**
 * @param propose asks for a change of a flag that needs a second person; null where nobody can be asked.
 * @throws ServiceError INVALID, PRECONDITION, CONFLICT; nothing is taken over then.
 */
export async function importFlagFile(
  ctx: VerbContext,
  input: Input,
  propose: ((change: FlagChangeRequest) => Promise<FlagOutcomeView>) | null,
): Promise<ImportedFlagsView> {
  refuseNames(input.file);
  const { dryRun } = input;
  try {
    const { items, waiting } = await ctx.db.transaction(async (tx) => {
      const done = await takeOver(tx, ctx, input);
      if (done.waiting.length > 0 && !propose)
        throw new ServiceError(
          "PRECONDITION",
          `${done.waiting.map(({ item }) => item.key).join(", ")} can only be changed with a second person. Import the file in the Admin center.`,
        );
      if (dryRun) throw new OnlyTried(done.items);
      return done;
    });
    for (const { change } of waiting) await propose?.(change).catch(refuseRest(change.flagKey));
    return { dryRun, items };
  } catch (error) {
    if (error instanceof OnlyTried) return { dryRun, items: error.items };
    throw error;
  }
}
