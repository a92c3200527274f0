/**
 * What a kind of rotation is: steps in order, each safe to run again, so that a worker that dies goes on where it was.
 * A step that has to wait for others (agents, processes, an overlap of keys) says so and is run again later; nothing in
 * between refuses what was good before.
 */
import type { VerbContext } from "../context.ts";

export const ROTATION_KINDS = [
  "signing-keys",
  "certificate-authority",
  "agent-certificates",
  "webhook-secrets",
  "encryption-key",
  "database-passwords",
] as const;
export type RotationKind = (typeof ROTATION_KINDS)[number];

export interface RotationRun {
  id: string;
  startedAt: Date;
}

/** `detail` is one plain sentence for staff: what was done, or what is waited for and how far it is. */
export type StepResult = { isDone: true; detail?: string } | { isDone: false; retryAfterMs: number; detail: string };

export interface RotationStep {
  /** As staff read it: "Every agent trusts the new CA". */
  name: string;
  /** Acts as the system. Throws for what staff have to look at; the step is tried again, more and more rarely. */
  run(ctx: VerbContext, rotation: RotationRun): Promise<StepResult>;
}

export interface Rotation {
  kind: RotationKind;
  title: string;
  /** Days between two by the schedule, unless staff set another number; null for never. */
  everyDays: number | null;
  steps: readonly RotationStep[];
  /**
   * Takes back what the steps so far have done, when staff cancel; without it there is nothing to take back.
   * @throws ServiceError PRECONDITION when there is only forward.
   */
  cancel?(ctx: VerbContext, rotation: RotationRun): Promise<void>;
  /** Since when the youngest key that is in use is in use; null when there is none yet. Reads no secret. */
  inUseSince(ctx: VerbContext): Promise<Date | null>;
}
