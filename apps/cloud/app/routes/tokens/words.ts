import type { TokenScope } from "@kombify/api/schemas";

/** What each scope lets a token do, in words for the person who gives it away. */
export const SCOPE_WORDS: Record<TokenScope, { label: string; description: string }> = {
  "portal:read": {
    label: "See my homelabs",
    description: "Who you are, your homelabs with their state, and what happened in them.",
  },
  "homelab:launch": {
    label: "Launch my homelabs",
    description: "Open a homelab as you do with the launch button.",
  },
  "stack:read": {
    label: "Read what is in my homelabs",
    description: "List and read stacks, nodes and jobs.",
  },
  "stack:write": {
    label: "Change what is in my homelabs",
    description: "Create, change and delete stacks and nodes, and cancel jobs.",
  },
};

/** For how long a token can be good, in days. */
export const LIFETIMES = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "180", label: "180 days" },
  { value: "365", label: "1 year" },
];

/** `2030-01-31T12:00:00.000Z` that many days from now; nothing for what is no number of days. */
export function endOfLifetime(days: string | undefined, now: number): string | undefined {
  return days !== undefined && /^\d{1,3}$/.test(days)
    ? new Date(now + Number(days) * 86_400_000).toISOString()
    : undefined;
}
