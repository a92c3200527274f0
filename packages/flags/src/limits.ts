/** How large and how deep a flag may be, so that every host can hold and walk it; and what text may not contain. */
import type { Definition, DefinitionProblem } from "./definition.ts";

/** Of a flag as JSON, bytes. */
const FLAG_LIMIT = 256 * 1024;
/** Objects and lists within one another; an operation of a targeting is an object and a list, also where a segment is written out. */
export const DEPTH_LIMIT = { targeting: 64, variants: 32, metadata: 2, prerequisites: 4 };

// What separates rules from variants inside of an evaluation is one of these. Line breaks and tabs are text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** The first thing about a value that is too deep or not text. Without recursion: what it looks at may be deeper than our stack. */
export function findUnfitPart(value: unknown, depthLimit: number): string | null {
  const waiting: { part: unknown; depth: number }[] = [{ part: value, depth: 1 }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { part, depth } = next;
    if (typeof part === "string" && CONTROL.test(part)) return "It contains a control character. Use plain text.";
    if (typeof part === "number" && !Number.isFinite(part)) return "A number has to be finite.";
    if (typeof part !== "object" || part === null) continue;
    if (depth > depthLimit) return `It is nested more than ${depthLimit} levels deep. Make it flatter.`;
    for (const [name, inner] of Object.entries(part)) {
      if (name === "__proto__") return "Nothing can be called __proto__. Choose another name.";
      if (CONTROL.test(name)) return "A name contains a control character. Use plain text.";
      waiting.push({ part: inner, depth: depth + 1 });
    }
  }
  return null;
}

export function checkLimits(flag: Definition): DefinitionProblem[] {
  const fields = ["targeting", "variants", "metadata", "prerequisites"] as const;
  const unfit = fields.flatMap((field) => {
    const message = findUnfitPart(flag[field], DEPTH_LIMIT[field]);
    return message === null ? [] : [{ path: `/${field}`, message }];
  });
  if (unfit.length > 0) return unfit;
  const bytes = Buffer.byteLength(JSON.stringify(flag));
  return bytes <= FLAG_LIMIT
    ? []
    : [
        {
          path: "",
          message: `The flag is ${Math.ceil(bytes / 1024)} KiB large; ${FLAG_LIMIT / 1024} KiB are allowed.`,
        },
      ];
}
