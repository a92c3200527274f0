/**
 * The keys that seal secrets at rest. Data keys are in the database, each sealed with the key from the environment; a
 * sealed text names its key: `v2.<key id>.<iv>.<tag>.<ciphertext>`. So a data key is exchanged by sealing texts anew,
 * and the key of the environment by sealing the few data keys anew. Texts of the form `v1.` were sealed with the key
 * from the environment itself and still open.
 */
import { randomBytes } from "node:crypto";
import type { Change, Database, Transaction } from "@kombify/db";
import { encryptionKeys } from "@kombify/db/schema";
import { and, eq, isNull, sql } from "drizzle-orm";
import { createSealer, decrypt, encrypt, type Sealer } from "./seal.ts";

const KEY_PURPOSE = "encryption_keys.sealed_key";
/** A process that missed the news seals with an old key for so long at most. Milliseconds. */
export const RING_MAX_AGE_MS = 30_000;

export interface Keyring extends Sealer {
  /** Makes a data key; whoever reads the ring after the commit seals with it. @returns its id. */
  addKey(tx: Transaction): Promise<string>;
  /** Seals every data key with the environment's present key. @returns how many were sealed with the one before. */
  rewrap(): Promise<number>;
}

interface Ring {
  keys: Map<string, Buffer>;
  /** The newest that is not retired; null when it cannot be opened here. */
  currentId: string | null;
  readAt: number;
  /** Id and sealed text of those that the environment's previous key opened. */
  outdated: { id: string; sealedKey: string }[];
}

/** The id of the data key that a text was sealed with; null for a text of the form before there were any. */
const keyIdOf = (sealed: string): string | null => (sealed.startsWith("v2.") ? (sealed.split(".")[1] ?? "") : null);

const LOCKED =
  "The data keys are sealed with another key than KOMBIFY_ENCRYPTION_KEY. Start this process with that key, or name it in KOMBIFY_ENCRYPTION_KEY_PREVIOUS.";

/**
 * The ring of this installation; makes the first data key when there is none.
 * @param options.key from the environment: 32 bytes, base64.
 * @param options.previousKey the environment's key before, while it is being exchanged.
 * @param options.onChange subscribes to committed changes of every process.
 * @throws Error when the data keys are sealed with neither.
 */
export async function openKeyring(
  db: Database,
  options: {
    key: string;
    previousKey?: string | undefined;
    maxAgeMs?: number;
    onChange?(listener: (change: Change) => void): () => void;
  },
): Promise<Keyring> {
  const { maxAgeMs = RING_MAX_AGE_MS } = options;
  const system = db.as({ kind: "system" });
  const present = createSealer(options.key);
  const previous = options.previousKey === undefined ? null : createSealer(options.previousKey);

  /** Opens what one of the environment's keys sealed. */
  const openWithEnvironment = async (purpose: string, sealed: string) => {
    try {
      return { text: await present.open(purpose, sealed), isOutdated: false };
    } catch (error) {
      if (!previous) throw error;
      return { text: await previous.open(purpose, sealed), isOutdated: true };
    }
  };

  const addKey = async (tx: Transaction): Promise<string> => {
    const id = randomBytes(8).toString("hex");
    const sealedKey = await present.seal(KEY_PURPOSE, randomBytes(32).toString("base64"));
    // The time of the statement and not of the transaction: the newest key is the one that was made last.
    await tx.insert(encryptionKeys).values({ id, sealedKey, createdAt: sql`clock_timestamp()` });
    return id;
  };

  const readRing = async (known: ReadonlyMap<string, Buffer>): Promise<Ring> => {
    const readAt = Date.now();
    const rows = await system.read<{ id: string; sealedKey: string; isRetired: boolean }>(
      (sql) => sql`select id, sealed_key as "sealedKey", retired_at is not null as "isRetired" from encryption_keys
        order by created_at desc, id`,
    );
    const ring: Ring = { keys: new Map(), currentId: null, readAt, outdated: [] };
    for (const { id, sealedKey } of rows) {
      try {
        const { text, isOutdated } = await openWithEnvironment(KEY_PURPOSE, sealedKey);
        ring.keys.set(id, Buffer.from(text, "base64"));
        if (isOutdated) ring.outdated.push({ id, sealedKey });
      } catch {
        // Another process has a newer key in its environment and has sealed the ring with it. What was opened before is
        // still good; what was not is missed where it is needed.
        const key = known.get(id);
        if (key) ring.keys.set(id, key);
      }
    }
    const newest = rows.find((row) => !row.isRetired);
    ring.currentId = newest && ring.keys.has(newest.id) ? newest.id : null;
    return ring;
  };

  await system.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('kombify encryption key'))`);
    const [existing] = await tx
      .select({ id: encryptionKeys.id })
      .from(encryptionKeys)
      .where(isNull(encryptionKeys.retiredAt))
      .limit(1);
    if (!existing) await addKey(tx);
  });
  let ring = await readRing(new Map());
  if (ring.currentId === null) throw new Error(LOCKED);

  const reload = async (): Promise<void> => {
    ring = await readRing(ring.keys);
  };
  options.onChange?.((change) => {
    // The next one who seals reads the ring.
    if (change.noun === "keys" && change.id === "encryption") ring = { ...ring, readAt: 0 };
  });

  const rewrap = async (): Promise<number> => {
    // Another process may have sealed them with either key since this one looked.
    await reload();
    const { outdated } = ring;
    for (const { id, sealedKey } of outdated) {
      const { text } = await openWithEnvironment(KEY_PURPOSE, sealedKey);
      const sealedAnew = await present.seal(KEY_PURPOSE, text);
      await system.transaction((tx) =>
        tx
          .update(encryptionKeys)
          .set({ sealedKey: sealedAnew })
          .where(and(eq(encryptionKeys.id, id), eq(encryptionKeys.sealedKey, sealedKey))),
      );
    }
    return outdated.length;
  };
  await rewrap();

  return {
    addKey,
    rewrap,
    async seal(purpose, secret) {
      if (Date.now() - ring.readAt > maxAgeMs) await reload();
      const { currentId, keys } = ring;
      const key = currentId === null ? undefined : keys.get(currentId);
      if (!key) throw new Error(LOCKED);
      return `v2.${currentId}.${encrypt(key, `${currentId} ${purpose}`, secret)}`;
    },
    async open(purpose, sealed) {
      const id = keyIdOf(sealed);
      if (id === null) return (await openWithEnvironment(purpose, sealed)).text;
      if (!ring.keys.has(id)) await reload();
      const key = ring.keys.get(id);
      if (!key) throw new Error(`The data key ${id}, with which a text for ${purpose} is sealed, is not in the ring.`);
      return decrypt(key, `${id} ${purpose}`, sealed.slice(`v2.${id}.`.length));
    },
  };
}
