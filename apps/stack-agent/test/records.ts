import { createHash } from "node:crypto";
import { v7 as uuid } from "uuid";
import type { JobRecord, NodeRecord, StackRecord, UserRecord } from "../src/engine/records.ts";
import type { SessionRow } from "../src/engine/shared-store.ts";

export const newStack = (changes: Partial<StackRecord> = {}): StackRecord => ({
  id: uuid(),
  name: `stack ${uuid().slice(-6)}`,
  description: "",
  mode: "easy",
  status: "draft",
  services: ["traefik"],
  config: { domain: "home.example" },
  createdBy: null,
  createdAt: new Date(),
  updatedAt: new Date(),
  deletedAt: null,
  ...changes,
});

export const newNode = (stackId: string, changes: Partial<NodeRecord> = {}): NodeRecord => ({
  id: uuid(),
  stackId,
  name: "nas",
  role: "storage",
  status: "pending",
  address: "",
  metadata: {},
  createdAt: new Date(),
  updatedAt: new Date(),
  ...changes,
});

export const newTestJob = (changes: Partial<JobRecord> = {}): JobRecord => ({
  id: uuid(),
  type: "provision",
  state: "pending",
  stackId: null,
  target: "a test",
  progress: 0,
  step: "",
  message: "",
  error: null,
  logs: [],
  attempts: 0,
  maxAttempts: 3,
  createdBy: null,
  createdAt: new Date(),
  startedAt: null,
  completedAt: null,
  leaseOwner: null,
  leaseUntil: null,
  runAfter: new Date(),
  isCancelRequested: false,
  ...changes,
});

export const newUser = (changes: Partial<UserRecord> = {}): UserRecord => ({
  id: uuid(),
  issuer: "urn:kombify:cloud",
  subject: uuid(),
  email: "ada@example.com",
  name: "Ada",
  role: "member",
  createdAt: new Date(),
  updatedAt: new Date(),
  lastSeenAt: new Date(),
  ...changes,
});

export const newSession = (tenantId: string, changes: Partial<SessionRow> = {}): SessionRow => ({
  idHash: createHash("sha256").update(uuid()).digest("hex"),
  kind: "session",
  subject: "person-1",
  sid: null,
  issuedAt: new Date(Math.floor(Date.now() / 1000) * 1000),
  tenantId,
  generation: 1,
  userId: uuid(),
  email: "ada@example.com",
  name: "Ada",
  role: "owner",
  expiresAt: new Date(Date.now() + 60_000),
  ...changes,
});
