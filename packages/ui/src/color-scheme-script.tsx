import { ColorSchemeScript as MantineScript } from "@mantine/core";

/** Where the browser keeps the chosen colour scheme. */
export const COLOR_SCHEME_KEY = "kombify-color-scheme";

/**
 * Sets the colour scheme before the first paint. Stands in `<head>`; the page's `<html>` needs
 * `suppressHydrationWarning`, since this script writes an attribute on it.
 */
export function ColorSchemeScript({ nonce }: { nonce: string }) {
  return (
    <MantineScript
      nonce={nonce}
      defaultColorScheme="auto"
      localStorageKey={COLOR_SCHEME_KEY}
      suppressHydrationWarning
    />
  );
}
