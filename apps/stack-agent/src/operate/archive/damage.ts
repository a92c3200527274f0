import { ServiceError } from "@kombify/agent-contract";

/** Why an archive is refused. Every refusal says that nothing was touched, because that is what people fear. */
export const refused = (reason: string, cause?: unknown): ServiceError =>
  new ServiceError("INVALID", `This archive cannot be used: ${reason} Nothing was changed.`, { cause });

/** A refusal that names the line, counted from 1. */
export const refusedAt = (line: number, reason: string, cause?: unknown): ServiceError =>
  refused(`line ${line}: ${reason}`, cause);
