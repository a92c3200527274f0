/**
 * Exchanges the passwords of the two log-in roles of the database. Each has a twin: the idle one gets a new password,
 * processes are told by the files that they read their addresses from, and when nobody is connected as the old one any
 * more, it lets nobody in (ADR 0020). What is done already is seen in the database and the files, so each step may be cut
 * off anywhere and run again. No statement holds a password.
 */
import { randomBytes } from "node:crypto";
import { rename, rm, stat } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { ServiceError } from "@kombify/agent-contract";
import { type LogInRole, readAddress, scramVerifier, twinOf, withLogin, writeAddress } from "@kombify/db";
import { sql } from "drizzle-orm";
import postgres from "postgres";
import type { VerbContext } from "../context.ts";
import type { Rotation, StepResult } from "./rotation.ts";

const LOOK_AGAIN_MS = 2_000;
/** A process that reconnects is not connected for a moment: nobody may be there twice in a row. */
const TWICE_MS = 1_000;

/** One of the two files with an address, and where its exchange is. */
interface Exchange {
  file: string;
  url: string;
  /** As whom processes log in who have read the file. */
  login: LogInRole;
  /** The other one: idle at first, and once the file has been exchanged the old one. */
  other: LogInRole;
  isOtherOpen: boolean;
  /** The new address, before processes are told of it. */
  draft: string | null;
}

const draftOf = (file: string): string => `${file}.next`;

async function readIfThere(file: string): Promise<string | null> {
  return readAddress(file).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  });
}

async function exchangesOf(ctx: VerbContext): Promise<Exchange[]> {
  const { web, worker } = ctx.can.databaseFiles;
  if (web === undefined || worker === undefined)
    throw new ServiceError(
      "PRECONDITION",
      "This process does not read its database addresses from files, so it cannot exchange the passwords in them. Start the worker with DATABASE_URL_FILE and WORKER_DATABASE_URL_FILE.",
    );
  return Promise.all(
    [web, worker].map(async (file) => {
      const url = await readAddress(file);
      const login = decodeURIComponent(new URL(url).username);
      const other = twinOf(login);
      const same = other && twinOf(other);
      if (!other || !same)
        throw new ServiceError(
          "PRECONDITION",
          `${file} names the role "${login}", whose password is not for kombify to exchange. It has to name a log-in role of kombify.`,
        );
      const [role] = await ctx.db.read<{ isOpen: boolean }>(
        (sql) => sql`select rolcanlogin as "isOpen" from pg_roles where rolname = ${other}`,
      );
      const draft = await readIfThere(draftOf(file));
      return { file, url, login: same, other, isOtherOpen: role?.isOpen ?? false, draft };
    }),
  );
}

const connectionsOf = async (ctx: VerbContext, login: LogInRole): Promise<number> => {
  const [row] = await ctx.db.read<{ count: number }>(
    (sql) => sql`select count(*)::int as count from pg_stat_activity where usename = ${login}`,
  );
  return row?.count ?? 0;
};

/** Gives an idle role the password of an address. */
async function openLogin(ctx: VerbContext, login: LogInRole, url: string): Promise<void> {
  const verifier = await scramVerifier(decodeURIComponent(new URL(url).password));
  await ctx.db.transaction((tx) => tx.execute(sql`select open_login(${login}, ${verifier})`));
}

const leftOf = (login: LogInRole, count: number): StepResult => ({
  isDone: false,
  retryAfterMs: LOOK_AGAIN_MS,
  detail: `${count} connections of ${login} are left. Processes that read their addresses from other files have to get the new ones.`,
});

/** Lets nobody in as a role any more. @returns what is waited for, or null when it is done. */
async function closeLogin(ctx: VerbContext, login: LogInRole): Promise<StepResult | null> {
  let count = await connectionsOf(ctx, login);
  if (count === 0) {
    await delay(TWICE_MS);
    count = await connectionsOf(ctx, login);
  }
  if (count > 0) return leftOf(login, count);
  await ctx.db.transaction((tx) => tx.execute(sql`select close_login(${login})`));
  return null;
}

/** Whether an address lets in. Anything but a refusal of role or password is thrown. */
async function letsIn(url: string): Promise<boolean> {
  const trial = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined });
  try {
    await trial`select 1`;
    return true;
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code.startsWith("28")) return false;
    throw error;
  } finally {
    await trial.end({ timeout: 1 });
  }
}

async function prepare(ctx: VerbContext): Promise<StepResult> {
  for (const { file, url, other, isOtherOpen, draft } of await exchangesOf(ctx)) {
    const isOurs = draft !== null && decodeURIComponent(new URL(draft).username) === other;
    if (draft !== null && !isOurs) await rm(draftOf(file));
    // Only an earlier exchange that nobody finished leaves both open: it is finished first.
    if (!isOurs && isOtherOpen) {
      const waiting = await closeLogin(ctx, other);
      if (waiting) return waiting;
    }
    const next = isOurs ? draft : withLogin(url, other, randomBytes(24).toString("base64url"));
    // Written down first: a password that only the database knew would be lost with this process.
    if (!isOurs) await writeAddress(draftOf(file), next);
    await openLogin(ctx, other, next);
  }
  return { isDone: true, detail: "The idle roles have new passwords, and the old ones go on letting in." };
}

async function tell(ctx: VerbContext): Promise<StepResult> {
  for (const { file, other, draft } of await exchangesOf(ctx)) {
    if (draft === null) continue;
    // Nobody is told of an address that does not work.
    if (!(await letsIn(draft))) {
      await openLogin(ctx, other, draft);
      if (!(await letsIn(draft)))
        throw new ServiceError("UPSTREAM", `The database refuses the new password of ${other}.`);
    }
    await rename(draftOf(file), file);
  }
  return { isDone: true, detail: "The new addresses are in the files." };
}

async function awaitMoves(ctx: VerbContext): Promise<StepResult> {
  for (const { other, isOtherOpen } of await exchangesOf(ctx)) {
    const count = isOtherOpen ? await connectionsOf(ctx, other) : 0;
    if (count > 0) return leftOf(other, count);
  }
  return { isDone: true, detail: "Nobody is connected as the old roles." };
}

async function retire(ctx: VerbContext): Promise<StepResult> {
  const closed: string[] = [];
  for (const { other, isOtherOpen } of await exchangesOf(ctx)) {
    if (!isOtherOpen) continue;
    const waiting = await closeLogin(ctx, other);
    if (waiting) return waiting;
    closed.push(other);
  }
  return {
    isDone: true,
    detail: closed.length > 0 ? `${closed.join(" and ")} let nobody in any more.` : "Done already.",
  };
}

export const databasePasswords: Rotation = {
  kind: "database-passwords",
  title: "Database passwords",
  everyDays: 90,
  steps: [
    { name: "The idle log-in roles have new passwords", run: prepare },
    {
      name: "The new addresses are in the files",
      noReturn: "Processes move to the new addresses already. From here it only goes forward.",
      run: tell,
    },
    { name: "Every process has moved", run: awaitMoves },
    { name: "The old passwords are refused", run: retire },
  ],
  async inUseSince(ctx) {
    const { web } = ctx.can.databaseFiles;
    return web === undefined ? null : (await stat(web)).mtime;
  },
};
