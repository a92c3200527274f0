/** A real Chromium, and visitors in it: each with cookies of their own, and a witness of all that happens on their pages. */
import { accessSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { type Witness, watchContext } from "./witness.ts";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The browser to use: CHROMIUM_PATH, or where systems put it; undefined when there is none. */
const chromiumPath = process.env.CHROMIUM_PATH ?? PLACES.find(isThere);

/** A developer's machine without a browser skips what needs one; a build that counts does not. */
export const hasNoBrowser = chromiumPath === undefined && process.env.CI !== "true";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** @throws Error when there is no browser. */
export async function openBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error("Chromium is missing: install it, or set CHROMIUM_PATH.");
  return chromium.launch({ executablePath: chromiumPath, args: FLAGS, headless: true });
}

export type Visitor = { page: Page; witness: Witness; close(): Promise<void> };

/** Waits of a page end with an error after this long; nothing that a person waits for takes longer. */
const PATIENCE_MS = 15_000;

/** Somebody with a fresh profile. */
export async function openVisitor(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const witness = watchContext(context);
  const page = await context.newPage();
  return { page, witness, close: () => context.close() };
}
