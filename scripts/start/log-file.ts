import { createWriteStream } from "node:fs";

/** Appends lines to a file that only its owner may read. */
export function appendLine(file: string): (line: string) => void {
  const stream = createWriteStream(file, { flags: "a", mode: 0o600 });
  return (line) => void stream.write(`${line}\n`);
}
