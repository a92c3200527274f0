/** A single-tenant Stack with data, built through PocketBase's own API. The same seed gives the same records. */
import PocketBase, { BaseAuthStore } from "pocketbase";
import { collectionsOf, type StackField } from "./collections.ts";

export type SingleTenantOptions = {
  users?: number;
  stacks?: number;
  nodes?: number;
  jobs?: number;
  seed?: number;
  stackField?: StackField;
};
export type SingleTenant = {
  /** Somebody who owns stacks, by how they log in. */
  person(index: number): { id: string; email: string; password: string };
  stackIds: string[];
  nodeIds: string[];
  jobIds: string[];
  stackField: StackField;
  counts: Record<"users" | "stacks" | "nodes" | "jobs" | "notes", number>;
};

const BATCH = 500;
/** Of these many users one has a picture. */
const PICTURE_EVERY = 5;

/** Mulberry32 (https://github.com/bryc/code/blob/master/jshash/PRNGs.md): small, and the same everywhere. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Body = Record<string, unknown>;

/** @param superuser who may make collections. */
export async function buildSingleTenant(
  url: string,
  superuser: { email: string; password: string },
  options: SingleTenantOptions = {},
): Promise<SingleTenant> {
  const { users = 200, stacks = 32, nodes = 2_000, jobs = 500, seed = 1, stackField = "stack_id" } = options;
  const next = random(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const newId = (): string => Array.from({ length: 15 }, () => below(36).toString(36)).join("");
  const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

  const pb = new PocketBase(url, new BaseAuthStore()).autoCancellation(false);
  await pb.collection("_superusers").authWithPassword(superuser.email, superuser.password);
  await pb.settings.update({ batch: { enabled: true, maxRequests: BATCH, timeout: 60 } });
  const { fields } = await pb.collections.getOne("users");
  await pb.collections.import(collectionsOf(stackField, fields) as never, false);

  const create = async (collection: string, bodies: Body[]): Promise<void> => {
    for (let at = 0; at < bodies.length; at += BATCH) {
      const batch = pb.createBatch();
      for (const body of bodies.slice(at, at + BATCH)) batch.collection(collection).create(body);
      await batch.send();
    }
  };
  const file = (name: string, size: number): File =>
    new File([new Uint8Array(many(size, () => below(256)))], name, { type: "application/octet-stream" });

  const userIds = many(users, newId);
  const email = (index: number): string => `person${index}@home.example`;
  const password = (index: number): string => `old password ${index}`;
  await create(
    "users",
    userIds.map((id, i) => ({
      id,
      email: email(i),
      password: password(i),
      passwordConfirm: password(i),
      name: `Person ${i}`,
      role: i === 0 ? "admin" : "user",
      verified: i % 3 === 0,
      ...(i % PICTURE_EVERY === 0 ? { avatar: new File([PICTURE], `face${i}.png`, { type: "image/png" }) } : {}),
    })),
  );
  const stackIds = many(stacks, newId);
  await create(
    "stacks",
    stackIds.map((id, i) => ({
      id,
      name: `Stack ${i}`,
      description: i % 2 === 0 ? `Ünïcode “${i}” <b>` : "",
      code: `code-${i}`,
      owner: userIds[i % Math.min(users, 20)],
      isPublic: i % 8 === 0,
      mode: pick(["easy", "techie", ""]),
      status: pick(["draft", "running", "stopped", "error", "active", ""]),
      services: ["traefik", "immich"].slice(0, below(3)),
      config: { domain: `home${i}.example`, nested: { list: [1, "two", null] } },
      documents: many(below(3), (n) => file(`paper ${n}.bin`, 500 + below(3_000))),
      ...(i % 4 === 0 ? { secret: file("key.bin", 64) } : {}),
    })),
  );
  const nodeIds = many(nodes, newId);
  await create(
    "nodes",
    nodeIds.map((id, i) => ({
      id,
      name: `node-${i}`,
      [stackField]: stackIds[i % stacks],
      role: pick(["main", "worker", "storage", ""]),
      status: pick(["pending", "connected", "online", "offline", ""]),
      address: `10.0.${i >> 8}.${i & 255}`,
      cores: below(64),
      tags: ["lab", "home", "office"].slice(0, below(4)),
      metadata: { os: pick(["debian", "ubuntu"]), serial: i },
    })),
  );
  const jobIds = many(jobs, newId);
  await create(
    "jobs",
    jobIds.map((id, i) => ({
      id,
      type: pick(["provision", "deploy", "update", "backup"]),
      state: pick(["pending", "running", "completed", "failed", "cancelled"]),
      stack_id: stackIds[i % stacks],
      progress: below(101),
      message: `Step ${i}`,
      logs: [{ at: "2025-01-01T00:00:00.000Z", message: "began" }],
    })),
  );
  const notes = many(100, (i) => ({
    id: newId(),
    text: "stacks and nodes",
    author: userIds[i % users],
    stack: stackIds[i % stacks],
    nodes: [nodeIds[i % nodes]],
  }));
  await create("notes", notes);
  return {
    person: (index) => ({ id: userIds[index] as string, email: email(index), password: password(index) }),
    stackIds,
    nodeIds,
    jobIds,
    stackField,
    counts: { users, stacks, nodes, jobs, notes: notes.length },
  };
}

/** One red point, as a PNG. */
const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);
