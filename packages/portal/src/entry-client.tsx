import { RemixBrowser } from "@remix-run/react";
import { StrictMode, startTransition } from "react";
import { hydrateRoot } from "react-dom/client";
import { NonceContext } from "./nonce.tsx";

const nonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "";

/**
 * Waits until what the server's loaders said is decoded. Remix decodes it while React hydrates and suspends the whole
 * document meanwhile; a key or a click in that moment makes React 18 give up ("Root did not complete", error 345), and
 * the page stays without script. RemixBrowser throws the promise before its first hook, so it can be asked outside React.
 */
async function decodeLoaderData(): Promise<void> {
  try {
    RemixBrowser({});
  } catch (pending) {
    if (!(pending instanceof Promise)) throw pending;
    await pending;
  }
}

void decodeLoaderData().then(() => {
  startTransition(() => {
    hydrateRoot(
      document,
      <StrictMode>
        <NonceContext.Provider value={nonce}>
          <RemixBrowser />
        </NonceContext.Provider>
      </StrictMode>,
    );
  });
});
