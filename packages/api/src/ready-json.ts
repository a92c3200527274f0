/** Values whose JSON is put together out of texts that are there already: what a thousand agents are sent is written once. */
const texts = new WeakMap<object, () => string>();

/** Gives the value back, and remembers how its JSON is made. @param text has to give what `JSON.stringify` would. */
export function withJson<T extends object>(value: T, text: () => string): T {
  texts.set(value, text);
  return value;
}

export const toJson = (value: unknown): string =>
  (typeof value === "object" && value !== null ? texts.get(value)?.() : undefined) ?? JSON.stringify(value);
