import { randomInt } from "node:crypto";
import { SLUG_LENGTH } from "./slug.ts";

/** Another address close to this one, for when it is taken. */
export const variantOf = (slug: string): string => `${slug.slice(0, SLUG_LENGTH - 4)}${randomInt(100, 10_000)}`;
