import { execFile } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { access, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Program } from "./program.ts";

export type Superuser = { email: string; password: string };

const EMAIL = "kombify@kombify.internal";
const RECORDS = "/api/collections/_superusers";
const HTTP_TIMEOUT_MS = 30_000;

const newPassword = (): string => randomBytes(32).toString("base64url");
const fileOf = ({ dataDir }: Program): string => join(dataDir, "superuser.json");

/** What is stored beside the data: null when there is no data yet, or the file is absent or not whole. */
async function readSuperuser(program: Program): Promise<Superuser | null> {
  try {
    await access(join(program.dataDir, "data", "data.db"));
    const { email, password } = JSON.parse(await readFile(fileOf(program), "utf8"));
    return typeof email === "string" && typeof password === "string" ? { email, password } : null;
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && "code" in error && error.code === "ENOENT"))
      return null;
    throw error;
  }
}

async function storeSuperuser(program: Program, superuser: Superuser): Promise<void> {
  const draft = `${fileOf(program)}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(superuser), { mode: 0o600, flush: true });
  await rename(draft, fileOf(program));
}

async function call(url: string, init: RequestInit): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(HTTP_TIMEOUT_MS) });
  return { status: answer.status, body: JSON.parse((await answer.text()) || "{}") };
}

const json = (method: string, body: unknown, token?: string): RequestInit => ({
  method,
  headers: { "content-type": "application/json", ...(token ? { authorization: token } : {}) },
  body: JSON.stringify(body),
});

/** Signs in. Null when PocketBase does not know the two. @throws Error on any other answer. */
async function signIn(url: string, { email, password }: Superuser): Promise<{ token: string; id: string } | null> {
  const { status, body } = await call(
    `${url}${RECORDS}/auth-with-password`,
    json("POST", { identity: email, password }),
  );
  if (status === 400) return null;
  if (status !== 200) throw new Error(`PocketBase lets its superuser not in: it answers ${status} ${body.message}`);
  return { token: String(body.token), id: String((body.record as { id: string }).id) };
}

/** A superuser with a password that is good for the next moments only: an argument list can be read by others. */
async function upsert(program: Program): Promise<Superuser> {
  const oneTime = { email: EMAIL, password: newPassword() };
  // A password may begin with a hyphen: after `--` nothing is an option.
  const args = ["superuser", "upsert", ...program.args, "--", oneTime.email, oneTime.password];
  try {
    await promisify(execFile)(program.executable, args, { cwd: program.dataDir, env: program.env });
  } catch (error) {
    // The error of execFile repeats the arguments, and with them the password.
    const words = error instanceof Error && "stderr" in error ? String(error.stderr).trim().slice(-2000) : "no reason";
    throw new Error(`PocketBase cannot open ${program.dataDir}: ${words.replaceAll(oneTime.password, "[password]")}`);
  }
  return oneTime;
}

/** Before serving: makes sure that there is a superuser, without whom PocketBase prints a token that makes one. */
export async function prepareSuperuser(program: Program): Promise<Superuser> {
  return (await readSuperuser(program)) ?? (await upsert(program));
}

/**
 * Once PocketBase answers: the superuser with the password that is kept in `superuser.json` (mode 0600). The new password
 * is written down before it is set. Whatever a crash leaves, the next start finds that the stored one is not accepted, and
 * begins anew.
 */
export async function settleSuperuser(program: Program, url: string, prepared: Superuser): Promise<Superuser> {
  const stored = await readSuperuser(program);
  if (stored && (await signIn(url, stored))) return stored;
  const oneTime = stored ? await upsert(program) : prepared;
  const session = await signIn(url, oneTime);
  if (!session) throw new Error("PocketBase does not accept the superuser that it was just given.");
  const settled = { email: oneTime.email, password: newPassword() };
  await storeSuperuser(program, settled);
  const change = { password: settled.password, passwordConfirm: settled.password };
  const { status, body } = await call(`${url}${RECORDS}/records/${session.id}`, json("PATCH", change, session.token));
  if (status !== 200) throw new Error(`PocketBase refuses the superuser's password: ${status} ${body.message}`);
  return settled;
}
