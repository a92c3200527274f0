/**
 * The records of a namespace as the engine keeps them: those of the Stack's API plus what only the agent sees.
 * Dates are Date objects here and become RFC 3339 text at the edge.
 */
import type {
  COLLECTIONS,
  JOB_STATES,
  JOB_TYPES,
  MemberRole,
  NODE_ROLES,
  NODE_STATUSES,
  STACK_MODES,
  STACK_STATUSES,
} from "@kombify/agent-contract";

export type Json = Record<string, unknown>;

export type UserRecord = {
  id: string;
  /** People are known by (issuer, subject), never by e-mail. */
  issuer: string;
  subject: string;
  email: string;
  name: string;
  role: MemberRole;
  createdAt: Date;
  updatedAt: Date;
  lastSeenAt: Date;
};

export type StackRecord = {
  id: string;
  name: string;
  description: string;
  mode: (typeof STACK_MODES)[number];
  status: (typeof STACK_STATUSES)[number];
  services: string[];
  config: Json;
  createdBy: string | null;
  createdAt: Date;
  updatedAt: Date;
  /** Set from the moment of deletion; the destroy job finishes the rest. */
  deletedAt: Date | null;
};

export type NodeRecord = {
  id: string;
  stackId: string;
  name: string;
  role: (typeof NODE_ROLES)[number];
  status: (typeof NODE_STATUSES)[number];
  address: string;
  metadata: Json;
  createdAt: Date;
  updatedAt: Date;
};

export type JobLogLine = { at: string; message: string };

export type JobRecord = {
  id: string;
  type: (typeof JOB_TYPES)[number];
  state: (typeof JOB_STATES)[number];
  stackId: string | null;
  target: string;
  progress: number;
  step: string;
  message: string;
  error: string | null;
  logs: JobLogLine[];
  attempts: number;
  maxAttempts: number;
  createdBy: string | null;
  createdAt: Date;
  startedAt: Date | null;
  completedAt: Date | null;
  /** Runner that works on the job; it must say so again before `leaseUntil`. */
  leaseOwner: string | null;
  leaseUntil: Date | null;
  /** Not claimed before this time: a job that failed waits before its next attempt. */
  runAfter: Date;
  isCancelRequested: boolean;
};

export type Records = { users: UserRecord; stacks: StackRecord; nodes: NodeRecord; jobs: JobRecord };
export type Collection = (typeof COLLECTIONS)[number];
