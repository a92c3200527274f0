import { ServiceError } from "@kombify/agent-contract";
import postgres from "postgres";

/** Our own words for what PostgreSQL refused (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
export function translate(error: unknown): unknown {
  if (!(error instanceof postgres.PostgresError)) return error;
  const { code, constraint_name: constraint = "" } = error;
  if (code === "23505" && constraint.endsWith("_name")) {
    const noun = constraint.startsWith("nodes_") ? "node of this stack" : "stack";
    const message = `Another ${noun} has this name. Choose another one.`;
    return new ServiceError("CONFLICT", message, { cause: error, fields: [{ path: "name", message }] });
  }
  if (code === "23505") return new ServiceError("CONFLICT", "There is such a record already.", { cause: error });
  if (code === "23503" && constraint.startsWith("files_"))
    return new ServiceError("NOT_FOUND", "There is no such record for the file.", { cause: error });
  if (code === "23503" && error.message.startsWith("update or delete"))
    return new ServiceError("CONFLICT", "Something still belongs to this stack.", { cause: error });
  if (code === "23503") return new ServiceError("NOT_FOUND", "There is no such stack.", { cause: error });
  if (code === "23502")
    return new ServiceError("INVALID", `A record needs a value in ${error.column_name}.`, { cause: error });
  // 22P05: a text with a NUL character; PostgreSQL stores none.
  if (code === "22021" || code === "22P05")
    return new ServiceError("INVALID", "Texts cannot hold the NUL character. Leave it out.", { cause: error });
  if (code === "55P03")
    return new ServiceError("PRECONDITION", "The records are in use for long. Try again later.", { cause: error });
  // The role or the tables are gone: the tenant was removed from this host while the request was under way.
  if (code === "42P01" || (code === "22023" && error.message.includes("role")))
    return new ServiceError("NOT_FOUND", "This homelab is not on this host any more.", { cause: error });
  return error;
}
