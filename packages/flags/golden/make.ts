/**
 * `node packages/flags/golden/make.ts`: writes bucketing.json. It was made once, and is the promise that people keep what they
 * have: make it again only for a new major version of the engine, whose documents no older agent takes.
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { ENGINE_VERSION } from "../src/index.ts";
import { ATTRIBUTES, PERCENTAGES, rolloutFlags } from "./rollout.ts";

/** Ids as they occur: UUIDs, and what providers of identity and people make up. */
function idsOf(): string[] {
  const uuids = Array.from({ length: 250 }, (_, n) => {
    const hex = createHash("sha256").update(`id ${n}`).digest("hex");
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `7${hex.slice(13, 16)}`,
      `8${hex.slice(17, 20)}`,
      hex.slice(20, 32),
    ].join("-");
  });
  const others = Array.from({ length: 50 }, (_, n) => `2859${n}4471@kombify`);
  return [...uuids, ...others, "a", "A", "0", " ", "user@example.com", "Zoë", "名前", "🙂"];
}

const vectors = Object.fromEntries(
  ATTRIBUTES.map((by) => {
    const flagSets = PERCENTAGES.map((percentage) => rolloutFlags(by, percentage));
    const variantsOf = (id: string) =>
      flagSets.map((flags) => flags.evaluate("golden", { [by]: id }).variant).join(" ");
    return [by, Object.fromEntries(idsOf().map((id) => [id, variantsOf(id)]))];
  }),
);
writeFileSync(
  new URL("./bucketing.json", import.meta.url),
  `${JSON.stringify({ engineVersion: ENGINE_VERSION, percentages: PERCENTAGES, vectors }, null, 2)}\n`,
);
