/** Every kind with its age, what is next, what is under way, and how the last ones went. */
import type { rotations } from "@kombify/db/schema";
import type { InferSelectModel } from "drizzle-orm";
import type { VerbContext } from "../context.ts";
import { ROTATIONS } from "./kinds.ts";
import type { Rotation } from "./rotation.ts";
import { nextAt, readPolicies } from "./schedule.ts";
import type { RotationKindView, RotationView } from "./schemas.ts";
import { cancelRefusal } from "./service.ts";

type Row = Pick<
  InferSelectModel<typeof rotations>,
  "id" | "startedAt" | "finishedAt" | "cancelledAt" | "steps" | "error"
> & { kind: RotationView["kind"]; requestedBy: string | null };

const RECENT = 10;

function stateOf(row: Row, record: Row["steps"][number] | undefined): RotationView["steps"][number]["state"] {
  if (!record) return "not-begun";
  if (record.finishedAt) return "done";
  if (record.failures) return "failed";
  return record.retryAt && row.finishedAt === null ? "waiting" : "running";
}

function viewOf(row: Row, kind: Rotation | undefined): RotationView {
  // A rotation of an older version may have had other steps than the kind has now.
  const names = [...new Set([...row.steps.map(({ name }) => name), ...(kind?.steps ?? []).map(({ name }) => name)])];
  const dateOf = (text: string | undefined) => (text === undefined ? null : new Date(text));
  const ended = row.finishedAt ? "It has ended." : row.cancelledAt ? "It is being taken back." : null;
  return {
    id: row.id,
    kind: row.kind,
    requestedBy: row.requestedBy,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
    cancelledAt: row.cancelledAt,
    error: row.error,
    cancelRefusal: ended ?? cancelRefusal(kind, row.steps),
    steps: names.map((name) => {
      const record = row.steps.find((one) => one.name === name);
      return {
        name,
        state: stateOf(row, record),
        startedAt: dateOf(record?.startedAt),
        finishedAt: dateOf(record?.finishedAt),
        detail: record?.detail ?? null,
        retryAt: dateOf(record?.retryAt),
      };
    }),
  };
}

/** @param which one rotation by its id, or the unfinished ones and the last ten of each kind. */
const readRows = (ctx: VerbContext, which: { id?: string }) =>
  ctx.db.read<Row>(
    (sql) => sql`
      select id, kind, "requestedBy", started_at as "startedAt", finished_at as "finishedAt", cancelled_at as "cancelledAt", steps, error
      from (select r.*, u.name as "requestedBy",
          row_number() over (partition by r.kind, r.finished_at is null order by r.started_at desc, r.id desc) as place
        from rotations r left join users u on u.id = r.requested_by
        where r.id = coalesce(${which.id ?? null}::uuid, r.id)) ranked
      where place <= ${RECENT} order by started_at desc, id desc`,
  );

/** One rotation, or null. */
export async function readRotation(
  ctx: VerbContext,
  id: string,
  kinds: readonly Rotation[] = ROTATIONS,
): Promise<RotationView | null> {
  const [row] = await readRows(ctx, { id });
  return row
    ? viewOf(
        row,
        kinds.find(({ kind }) => kind === row.kind),
      )
    : null;
}

/** Every kind of this installation. */
export async function listRotations(
  ctx: VerbContext,
  kinds: readonly Rotation[] = ROTATIONS,
): Promise<RotationKindView[]> {
  const [policies, rows, ages] = await Promise.all([
    readPolicies(ctx, kinds),
    readRows(ctx, {}),
    Promise.all(kinds.map((kind) => kind.inUseSince(ctx))),
  ]);
  return kinds.map((kind, index) => {
    const views = rows.filter((row) => row.kind === kind.kind).map((row) => viewOf(row, kind));
    const everyDays = policies.get(kind.kind) ?? null;
    const inUseSince = ages[index] ?? null;
    return {
      kind: kind.kind,
      title: kind.title,
      effects: [...(kind.effects ?? [])],
      inUseSince,
      nextAt: nextAt(inUseSince, everyDays),
      everyDays,
      defaultEveryDays: kind.everyDays,
      running: views.find(({ finishedAt }) => finishedAt === null) ?? null,
      recent: views.filter(({ finishedAt }) => finishedAt !== null),
    };
  });
}
