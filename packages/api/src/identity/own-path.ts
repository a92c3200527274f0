/**
 * A page of this portal to go to after signing in; anything else becomes `start`: another host in whatever disguise
 * (`//`, a backslash, control characters), and what is no page.
 */
export function ownPath(next: string | null | undefined, start: string): string {
  if (!next || next.length > 500 || !/^\/(?![/\\])[^\\\s\p{Cc}]*$/u.test(next)) return start;
  const base = "https://portal.invalid";
  if (!URL.canParse(next, base)) return start;
  const { origin, pathname, search } = new URL(next, base);
  const isPage = origin === base && !pathname.startsWith("//") && !/^\/(api|v1|trpc)(\/|$)/i.test(pathname);
  return isPage ? `${pathname}${search}` : start;
}
