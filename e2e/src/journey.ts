/** What every file of journeys opens first: the running system and a browser; and what it closes last. */
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { openBrowser, openVisitor, type Visitor } from "./browser.ts";
import { sharedSystem } from "./shared-system.ts";
import type { System } from "./system.ts";

export type Stage = {
  system: System;
  browser: Browser;
  /** A fresh profile. It is closed, and its faults are judged, when the journey ends. */
  visit(options?: BrowserContextOptions): Promise<Visitor>;
};

/**
 * Opens the stage for the journeys of a file. No journey may leave an error in a browser's console: a script that
 * failed, a refusal by the content security policy, markup that did not match what the server sent.
 * @param options.isShared false for journeys that start a system of their own.
 */
export function setTheStage({ isShared = true }: { isShared?: boolean } = {}): Stage {
  const visitors: Visitor[] = [];
  const stage = {
    visit: async (options: BrowserContextOptions = {}) => {
      const visitor = await openVisitor(stage.browser, options);
      visitors.push(visitor);
      return visitor;
    },
  } as Stage;
  beforeAll(async () => {
    if (isShared) stage.system = await sharedSystem();
    stage.browser = await openBrowser();
  }, 180_000);
  afterEach(async () => {
    const ended = visitors.splice(0);
    for (const visitor of ended) await visitor.close();
    expect(ended.flatMap(({ witness }) => witness.faults)).toEqual([]);
  });
  afterAll(() => stage.browser?.close());
  return stage;
}
