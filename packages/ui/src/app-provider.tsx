import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import type { ComponentType, ReactNode } from "react";
import { RenderedAtContext } from "./clock.ts";
import { COLOR_SCHEME_KEY } from "./color-scheme-script.tsx";
import { LinkContext, type LinkProps } from "./link.tsx";
import { theme } from "./theme.ts";

const colorSchemeManager = localStorageColorSchemeManager({ key: COLOR_SCHEME_KEY });

type AppProviderProps = {
  children: ReactNode;
  /** The page's CSP nonce, for the few `<style>` elements that responsive props of Mantine make. */
  nonce: string;
  /** Milliseconds since the epoch at which the server rendered, so that relative times hydrate unchanged. */
  renderedAt?: number;
  /** The app's own link component; shared components use it for every link inside the app. */
  link?: ComponentType<LinkProps>;
  forcedColorScheme?: "light" | "dark";
};

/** Everything that shared components stand on. Its variables come from `@kombify/ui/styles.css`. */
export function AppProvider({ children, nonce, renderedAt, link, forcedColorScheme }: AppProviderProps) {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={colorSchemeManager}
      {...(forcedColorScheme ? { forceColorScheme: forcedColorScheme } : {})}
      withCssVariables={false}
      withGlobalClasses={false}
      getStyleNonce={() => nonce}
    >
      <RenderedAtContext.Provider value={renderedAt ?? null}>
        <LinkContext.Provider value={link ?? "a"}>{children}</LinkContext.Provider>
      </RenderedAtContext.Provider>
    </MantineProvider>
  );
}
