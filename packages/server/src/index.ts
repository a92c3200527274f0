export { type BodyLimit, limitBodies, readJson } from "./bodies.ts";
export { eventStream, type SendEvent, type ServerEvent } from "./event-stream.ts";
export type { CheckResult, Readiness, ReadyCheck } from "./health.ts";
export { type Listener, type ListenOptions, listen, type TlsMaterial } from "./listen.ts";
export { createLogger, type Logger } from "./logger.ts";
export { createCounter, createGauge, type MetricsRegistry } from "./metrics.ts";
export { problemResponse, withHeaders } from "./problems.ts";
export { type ProcessOptions, runProcess } from "./process.ts";
export { createShell, type Shell, type ShellEnv, type ShellOptions } from "./shell.ts";
