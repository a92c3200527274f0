/** Our own flags as TypeScript: a name that is not in the manifest, or a value of another type, does not compile. */
import type { OwnFlagsManifest } from "@kombify/flags/own/manifest";

type OwnFlag = OwnFlagsManifest["flags"][string];

/** `whats-new` as code says it: `whatsNew`. */
const nameOf = (key: string): string => key.replace(/[-_.]+(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Booleans and numbers may become anything of their type; texts are the ones that are there. */
function typeOf({ variants }: OwnFlag): string {
  const values = Object.values(variants);
  const [first] = values;
  if (typeof first === "string") return [...new Set(values)].map((value) => JSON.stringify(value)).join(" | ");
  return typeof first === "object" ? "Readonly<Record<string, unknown>>" : typeof first;
}

const fallbackOf = ({ variants, defaultVariant }: OwnFlag): string => JSON.stringify(variants[defaultVariant]);

/** The file as the formatter leaves it. */
export function accessorsOf({ flags }: OwnFlagsManifest): string {
  const all = Object.entries(flags)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, flag]) => ({ key, flag, name: nameOf(key) }));
  const fields = all.map(
    ({ name, flag }) => `  /** ${flag.metadata.description.replaceAll("*/", "")} */\n  ${name}: ${typeOf(flag)};`,
  );
  return `/** Made from own-flags.json by \`pnpm flags:generate\`. Change that, not this. */

/** Values of our own flags. */
export interface OwnFlags {
${fields.join("\n")}
}

/** What each is called in the flags' editor. */
export const OWN_FLAG_KEYS = {
${all.map(({ name, key }) => `  ${name}: ${JSON.stringify(key)},`).join("\n")}
} as const satisfies Record<keyof OwnFlags, string>;

/** What counts while flags cannot be read: the manifest's default variants. */
export const OWN_FLAG_DEFAULTS: OwnFlags = {
${all.map(({ name, flag }) => `  ${name}: ${fallbackOf(flag)},`).join("\n")}
};
`;
}
