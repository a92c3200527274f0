/** What may be said about exchanging keys. Browser-safe. */
import { z } from "zod";

export const ROTATION_KINDS = [
  "signing-keys",
  "certificate-authority",
  "agent-certificates",
  "webhook-secrets",
  "encryption-key",
  "database-passwords",
] as const;
export const rotationKindSchema = z.enum(ROTATION_KINDS, {
  error: `There is no such kind. Kinds are ${ROTATION_KINDS.join(", ")}.`,
});
export type RotationKind = z.infer<typeof rotationKindSchema>;

/** `waiting`: for others or for a time; `failed`: tried again at `retryAt`. */
export const ROTATION_STEP_STATES = ["done", "running", "waiting", "failed", "not-begun"] as const;

export const rotationStepView = z.object({
  name: z.string(),
  state: z.enum(ROTATION_STEP_STATES),
  startedAt: z.date().nullable(),
  finishedAt: z.date().nullable(),
  detail: z.string().nullable(),
  retryAt: z.date().nullable(),
});

export const rotationView = z.object({
  id: z.uuid(),
  kind: rotationKindSchema,
  /** Null when the schedule or the command line began it. */
  requestedBy: z.string().nullable(),
  startedAt: z.date(),
  finishedAt: z.date().nullable(),
  cancelledAt: z.date().nullable(),
  /** Why the step that is under way failed the last time. */
  error: z.string().nullable(),
  /** Why it cannot be cancelled; null while it can. */
  cancelRefusal: z.string().nullable(),
  steps: z.array(rotationStepView),
});
export type RotationView = z.infer<typeof rotationView>;

export const rotationKindView = z.object({
  kind: rotationKindSchema,
  title: z.string(),
  effects: z.array(z.string()),
  inUseSince: z.date().nullable(),
  /** When the schedule begins the next one; null for by command only, or while there is nothing to exchange. */
  nextAt: z.date().nullable(),
  /** Null for by command only. */
  everyDays: z.number().int().nullable(),
  defaultEveryDays: z.number().int().nullable(),
  running: rotationView.nullable(),
  /** The last ten that ended, newest first. */
  recent: z.array(rotationView),
});
export type RotationKindView = z.infer<typeof rotationKindView>;

export const startRotationInput = z.strictObject({ kind: rotationKindSchema });
export const rotationIdInput = z.strictObject({ id: z.uuid() });
export const setPolicyInput = z.strictObject({
  kind: rotationKindSchema,
  everyDays: z
    .number({ error: "Give a number of days, or null for by command only." })
    .int("Give whole days.")
    .min(1, "Give at least 1 day.")
    .max(3650, "Give at most 3650 days.")
    .nullable(),
});
