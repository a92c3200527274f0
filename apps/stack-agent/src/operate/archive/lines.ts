import { refusedAt } from "./damage.ts";
import { MAX_LINE_BYTES } from "./format.ts";

const NEWLINE = 10;

/** One line with its newline, and its number counted from 1. */
export type Line = { number: number; bytes: Buffer };

/**
 * Splits bytes into lines that end with a newline.
 * @throws ServiceError INVALID for a line that is too long, and for bytes after the last newline.
 */
export async function* linesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let number = 1;
  let begun: Buffer[] = [];
  let length = 0;
  for await (const part of source) {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      const rest = bytes.subarray(from, end + 1);
      yield { number, bytes: begun.length === 0 ? rest : Buffer.concat([...begun, rest]) };
      number += 1;
      begun = [];
      length = 0;
      from = end + 1;
    }
    if (from === bytes.length) continue;
    // Readers use their buffers again; what is kept has to be a copy.
    begun.push(Buffer.from(bytes.subarray(from)));
    length += bytes.length - from;
    if (length > MAX_LINE_BYTES) throw refusedAt(number, "it is longer than any line of an archive.");
  }
  if (length > 0) throw refusedAt(number, "it breaks off in the middle. The file is not complete.");
}
