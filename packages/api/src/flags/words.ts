/** A flag's rules in words. */

/** A line for each rule, and one for what is left. */
export const wordsOf = (_flag: { targeting: Record<string, unknown>; defaultVariant: string | null }): string[] => [];
