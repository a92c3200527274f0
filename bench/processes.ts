/** Child processes of a measurement. Their output goes to a log file, as it does in production. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type Child = {
  send(message: object): void;
  /** The next message of the child. @throws Error with the end of its log when it ends before. */
  nextMessage<T>(): Promise<T>;
  /** @throws Error with the end of its log when it has ended. */
  assertRunning(): void;
  stop(): Promise<void>;
};

/** Starts one of our modules with Node and an IPC channel. @param options.logFolder where its output is kept. */
export function startChild(
  module: string,
  { name, logFolder, env = {} }: { name: string; logFolder: string; env?: Record<string, string> },
): Child {
  const logFile = join(logFolder, `${name}.log`);
  const log = openSync(logFile, "a", 0o600);
  const child = fork(module, [], {
    // Nothing else of our own environment: a DATABASE_URL that is set for other work must not be measured by accident.
    env: { PATH: process.env.PATH, NODE_ENV: "production", NODE_OPTIONS: process.env.NODE_OPTIONS, ...env },
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  const exited = once(child, "exit");
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const endedError = () => new Error(`${name} ended by itself:\n${readFileSync(logFile, "utf8").slice(-2_000)}`);
  return {
    send: (message) => void child.send(message),
    async nextMessage<T>() {
      const answer = await Promise.race([once(child, "message"), exited.then(() => null)]);
      if (!answer) throw endedError();
      return answer[0] as T;
    },
    assertRunning: () => {
      if (hasEnded()) throw endedError();
    },
    async stop() {
      if (hasEnded()) return;
      child.kill("SIGTERM");
      await exited;
    },
  };
}
