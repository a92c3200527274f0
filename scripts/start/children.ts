/** Child processes that are started again when they die, with their output in a log file. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

export type ChildOptions = {
  name: string;
  /** Script and arguments for our own Node. */
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  logFile: string;
  /** Told which process the child is, each time that it is started. */
  onSpawn(pid: number): Promise<void>;
  /** Told in plain words when the child died and when it is started again. */
  say(line: string): void;
};

export type Child = {
  /** Rejects when the child ends before it was declared ready. */
  died: Promise<never>;
  /** From now on a death is answered by a restart. */
  declareReady(): void;
  /** SIGTERM, and SIGKILL after 30 s. */
  stop(): Promise<void>;
};

const STOP_TIMEOUT_MS = 30_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** After this long a child counts as sound, and the next death is answered quickly again. */
const SOUND_AFTER_MS = 30_000;
const TAIL_LINES = 12;

/** What a line of a log says to a person: of a fatal error its message alone. */
function inWords(line: string): string {
  if (!line.includes('"level":"fatal"')) return line;
  try {
    const { err, msg } = JSON.parse(line) as { err?: { message?: string }; msg?: string };
    return `${msg}: ${err?.message}`;
  } catch {
    // Its process was killed in the middle of the line.
    return line;
  }
}

/** The last lines of a log, for telling why something died. @param from byte at which the log of this start begins. */
export async function tailOf(file: string, from = 0): Promise<string> {
  const text = (await readFile(file)).subarray(from).toString("utf8");
  const lines = text.trimEnd().split("\n").slice(-TAIL_LINES);
  return lines.map((line) => `    ${inWords(line)}`).join("\n");
}

type Launched = { child: ChildProcess; logFrom: number };

async function launch({ args, cwd, env, logFile, onSpawn }: ChildOptions): Promise<Launched> {
  const log = await open(logFile, "a", 0o600);
  try {
    const { size: logFrom } = await log.stat();
    // A group of its own: Ctrl-C reaches the supervisor alone, which stops everything in order. The IPC channel tells the
    // child when the supervisor is gone, killed included.
    const stdio = ["ignore", log.fd, log.fd, "ipc"] as const;
    const child = spawn(process.execPath, args, { cwd, env, detached: true, stdio: [...stdio] });
    await once(child, "spawn");
    if (child.pid !== undefined) await onSpawn(child.pid);
    return { child, logFrom };
  } finally {
    await log.close();
  }
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

/** Starts a child and keeps it running until {@link Child.stop}. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { name, logFile, say } = options;
  const died = Promise.withResolvers<never>();
  // Whoever waits for readiness listens; a death after that is no rejection.
  died.promise.catch(() => undefined);
  let isReady = false;
  const stopping = new AbortController();
  let waitMs = FIRST_WAIT_MS;
  let startedAt = Date.now();
  let { child, logFrom } = await launch(options);

  const onExit = async (code: number | null, signal: NodeJS.Signals | null): Promise<void> => {
    if (stopping.signal.aborted) return;
    const how = `${name} ended by itself (${signal ?? `exit code ${code}`})`;
    const report = `${how}. The end of ${logFile}:\n${await tailOf(logFile, logFrom)}`;
    if (!isReady) return died.reject(new Error(report));
    if (Date.now() - startedAt > SOUND_AFTER_MS) waitMs = FIRST_WAIT_MS;
    say(`${report}\n  ${name} is started again in ${waitMs / 1000} s`);
    await delay(waitMs, undefined, { signal: stopping.signal });
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    startedAt = Date.now();
    ({ child, logFrom } = await launch(options));
    watch();
    say(`${name} runs again`);
  };
  const watch = (): void => {
    child.once("exit", (code, signal) => {
      onExit(code, signal).catch((error: unknown) => {
        if (!stopping.signal.aborted) say(`${name} could not be started again: ${String(error)}`);
      });
    });
  };
  watch();

  return {
    died: died.promise,
    declareReady: () => {
      isReady = true;
    },
    async stop() {
      stopping.abort();
      if (!isRunning(child)) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      const force = setTimeout(() => {
        say(`${name} did not stop within ${STOP_TIMEOUT_MS / 1000} s and is killed`);
        child.kill("SIGKILL");
      }, STOP_TIMEOUT_MS);
      await exited.finally(() => clearTimeout(force));
    },
  };
}
