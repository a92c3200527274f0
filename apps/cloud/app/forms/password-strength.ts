/** As the server has it; importing its schemas would bring the whole validator into a page. */
export const MIN_PASSWORD_LENGTH = 10;

/**
 * How hard a password is to guess, roughly: enough to steer people to length. The server decides by length alone
 * (NIST SP 800-63B, 3.1.1.2); this meter never refuses anything.
 */
export type Strength = { score: 0 | 1 | 2 | 3; label: string; advice: string };

const COMMON =
  /passw(?:or|0r)d|qwert[yz]|letmein|welcome|kombify|homelab|admin|iloveyou|dragon|monkey|football|abc123/gi;

/** What a guesser cannot foresee: a common word counts as one letter, a run such as "aaa", "123" or "cba" as its first. */
function withoutHabits(password: string): string[] {
  const characters = [...password.replace(COMMON, "x")];
  return characters.filter((character, at) => {
    const step = (character.codePointAt(0) ?? 0) - (characters[at - 1]?.codePointAt(0) ?? -9);
    return at === 0 || Math.abs(step) > 1;
  });
}

/** @param minLength what the server requires. */
export function passwordStrength(password: string, minLength: number): Strength {
  if (password.length < minLength) {
    const missing = minLength - password.length;
    return { score: 0, label: "Too short", advice: `${missing} more ${missing === 1 ? "character" : "characters"}.` };
  }
  const rest = withoutHabits(password);
  const distinct = new Set(rest.map((character) => character.toLowerCase())).size;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z\d]/].filter((kind) => kind.test(rest.join(""))).length;
  const points = Math.min(rest.length, distinct * 2) + (kinds - 1);
  if (points < 9)
    return { score: 1, label: "Easy to guess", advice: "Add a word that has nothing to do with the rest." };
  if (points < 16) return { score: 2, label: "Good", advice: "One more word makes it strong." };
  return { score: 3, label: "Strong", advice: "Nobody guesses this soon." };
}
