/** Random flags and contexts that meet often enough to matter, the same for the same seed. */

/** mulberry32: small, and the same everywhere. */
export function createRandom(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count: number): number => Math.floor(next() * count);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
  return { below, pick };
}
type Random = ReturnType<typeof createRandom>;

const NAMES = ["ada", "ada.lovelace", "grace", "bob@example.com", "Ünal", ""] as const;
const VERSIONS = ["1.2.3", "1.9.0", "2.0.0", "2.0.0-rc.1"] as const;
const TEAMS = ["storage", "network", "home"] as const;

export const randomContext = ({ pick, below }: Random, index: number): Record<string, unknown> => ({
  targetingKey: `key-${index}-${below(1_000)}`,
  userId: `user-${below(1_000)}`,
  ...(below(4) > 0 ? { name: pick(NAMES) } : {}),
  ...(below(3) > 0 ? { release: pick(VERSIONS) } : {}),
  ...(below(3) > 0 ? { team: pick(TEAMS) } : {}),
  ...(below(2) > 0 ? { disks: below(12) } : {}),
  ...(below(2) > 0 ? { nested: { rack: below(3), tags: [pick(TEAMS)] } } : {}),
  // Not the client's to say.
  ...(below(5) === 0 ? { plan: "business", tenantId: "another" } : {}),
});

function randomCondition(random: Random, depth = 0): unknown {
  const { pick, below } = random;
  const kind = below(depth > 1 ? 8 : 11);
  if (kind === 0) return { "==": [{ var: "team" }, pick(TEAMS)] };
  if (kind === 1) return { starts_with: [{ var: "name" }, pick(["ada", "gr", "Ü"])] };
  if (kind === 2) return { ends_with: [{ var: "name" }, pick(["com", "e", "lovelace"])] };
  if (kind === 3) return { sem_ver: [{ var: "release" }, pick(["=", "!=", "<", ">=", "^", "~"]), pick(VERSIONS)] };
  if (kind === 4) return { "<": [{ var: "disks" }, below(12)] };
  if (kind === 5) return { in: [{ var: "team" }, TEAMS.slice(0, 1 + below(3))] };
  if (kind === 6) return { "==": [{ var: "plan" }, pick(["free", "pro", "business"])] };
  if (kind === 7) return { "==": [{ var: "nested.rack" }, below(3)] };
  if (kind === 8) return { "!": [randomCondition(random, depth + 1)] };
  const parts = [randomCondition(random, depth + 1), randomCondition(random, depth + 1)];
  return kind === 9 ? { and: parts } : { or: parts };
}

/** As the table of flags has it. */
export function randomFlag(random: Random, index: number) {
  const { pick, below } = random;
  const variants = pick([
    { on: true, off: false, third: true },
    { on: "red", off: "blue", third: "" },
    { on: 1, off: 0, third: -2.5 },
    { on: { a: [1, null] }, off: {}, third: { a: { b: "c" } } },
  ] as Record<string, unknown>[]);
  const share = below(100_001);
  const split = {
    fractional: [
      ...(below(2)
        ? [{ cat: [{ var: "$flagd.flagKey" }, { var: pick(["tenantId", "userId", "targetingKey", "name"]) }] }]
        : []),
      ["on", share],
      ["off", 100_000 - share],
    ],
  };
  const outcome = () => (below(3) === 0 ? split : pick(["on", "off", "third"]));
  const targeting = pick([
    {},
    split,
    { if: [randomCondition(random), outcome()] },
    { if: [randomCondition(random), outcome(), randomCondition(random), outcome(), outcome()] },
  ] as Record<string, unknown>[]);
  const before = below(8) === 0 && index > 0 ? [{ flag: `flag-${below(index)}`, variants: ["on"] }] : [];
  return {
    key: `flag-${index}`,
    state: below(15) === 0 ? "DISABLED" : "ENABLED",
    variants,
    defaultVariant: below(10) === 0 ? null : pick(["on", "off", "third"]),
    targeting,
    prerequisites: before,
    isKilled: below(12) === 0,
  };
}
