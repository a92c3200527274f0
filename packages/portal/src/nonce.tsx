import { createContext, useContext } from "react";

/** The page's CSP nonce. Browsers hide it from scripts' attributes, so the client reads it from the DOM property. */
export const NonceContext = createContext("");

/** The nonce for `<script>` and `<style>` elements of this page. */
export const useNonce = (): string => useContext(NonceContext);
