/** The address of a list is its state: what is searched, in which order, which page. */

/**
 * The query of the same list with some things changed; empty and null ones are left out. Any change but the page's own
 * begins at the first page again.
 */
export function listQuery(current: URLSearchParams, changes: Record<string, string | null>): string {
  const next = new URLSearchParams();
  for (const [name, value] of current) if (value !== "" && !(name in changes)) next.set(name, value);
  for (const [name, value] of Object.entries(changes)) if (value) next.set(name, value);
  if (!("cursor" in changes)) next.delete("cursor");
  const text = next.toString();
  return text === "" ? "?" : `?${text}`;
}

/** What a parameter says, if it is one of the allowed words; an old link with another word shows the whole list. */
export function oneOf<const T extends string>(
  params: URLSearchParams,
  name: string,
  allowed: readonly T[],
): T | undefined {
  const value = params.get(name);
  return allowed.find((word) => word === value);
}

/** What a parameter says; undefined when it is absent or blank. */
export function textOf(params: URLSearchParams, name: string): string | undefined {
  return params.get(name)?.trim() || undefined;
}
