/**
 * What a kind of rotation is: steps in order, each safe to run again, so that a worker that dies goes on where it was.
 * A step that has to wait for others (agents, processes, an overlap of keys) says so and is run again later; nothing in
 * between refuses what was good before.
 */
import type { VerbContext } from "../context.ts";
import type { RotationKind } from "./schemas.ts";

export type { RotationKind };

export interface RotationRun {
  id: string;
  startedAt: Date;
  /** What the steps of this rotation noted, later ones over earlier ones. Unset until something was noted. */
  notes?: Readonly<Record<string, unknown>>;
}

/**
 * `detail` is one plain sentence for staff: what was done, or what is waited for and how far it is. `notes` is what the
 * step has to know when it is run again, and the steps after it; it is kept with the step and holds no secret.
 */
export type StepResult = { detail?: string; notes?: Record<string, unknown> } & (
  | { isDone: true }
  | { isDone: false; retryAfterMs: number; detail: string }
);

export interface RotationStep {
  /** As staff read it: "Every agent trusts the new CA". */
  name: string;
  /** Acts as the system. Throws for what staff have to look at; the step is tried again, more and more rarely. */
  run(ctx: VerbContext, rotation: RotationRun): Promise<StepResult>;
  /** Why the rotation cannot be cancelled once this step has begun; unset while it still can. */
  noReturn?: string;
}

export interface Rotation {
  kind: RotationKind;
  title: string;
  /** Days between two by the schedule, unless staff set another number; null for never. */
  everyDays: number | null;
  steps: readonly RotationStep[];
  /** What one does and about how long it takes, for who is about to start it. One sentence each. */
  effects?: readonly string[];
  /**
   * Takes back what the steps so far have done, when staff cancel; safe to run again. Called between two steps and never
   * after a step with {@link RotationStep.noReturn} has begun. Without it there is nothing to take back.
   * @throws ServiceError PRECONDITION when there is only forward: the rotation then goes on.
   */
  cancel?(ctx: VerbContext, rotation: RotationRun): Promise<void>;
  /** Since when the youngest key that is in use is in use; null when there is none yet. Reads no secret. */
  inUseSince(ctx: VerbContext): Promise<Date | null>;
}
