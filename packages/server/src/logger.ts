import { type DestinationStream, type Logger as PinoLogger, pino } from "pino";

export type Logger = PinoLogger;

const SECRET_KEYS = [
  "password",
  "token",
  "secret",
  "ticket",
  "joinToken",
  "assertion",
  "authorization",
  "cookie",
  '["set-cookie"]',
  "databaseUrl",
  "encryptionKey",
  "privateKey",
];

/** A key as it stands in a path below another one: `.token`, but `["set-cookie"]` without the dot. */
const below = (parent: string, key: string): string => (key.startsWith("[") ? `${parent}${key}` : `${parent}.${key}`);

const REDACTED_PATHS = SECRET_KEYS.flatMap((key) => [
  key,
  below("*", key),
  below("*.headers", key),
  below("headers", key),
]);

/**
 * The logger of a process: JSON lines on standard output, times in RFC 3339, levels by name, secrets replaced by
 * `[redacted]` when they stand under one of the usual keys, up to one object deep.
 * @param options.level pino's level names; `info` unless given.
 */
export function createLogger(
  options: { name: string; level?: string },
  destination: DestinationStream = pino.destination({ sync: true }),
): Logger {
  return pino(
    {
      name: options.name,
      level: options.level ?? "info",
      base: { name: options.name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED_PATHS, censor: "[redacted]" },
    },
    destination,
  );
}
