import { useRevalidator } from "@remix-run/react";
import { useEffect, useRef } from "react";
import { calm } from "./calm.ts";

/** A fleet of a hundred instances beats ten times a second; a page that is read needs no more than this. Milliseconds. */
const REFRESH_EVERY_MS = 1_500;

/**
 * Loads the page's data anew when something has changed, and not while nobody looks at it.
 * @param onChange takes a listener, and gives the way to end it. Another function is listened to anew.
 */
export function useKeptCurrent(onChange: (listener: () => void) => () => void): void {
  const { revalidate } = useRevalidator();
  const latest = useRef(revalidate);
  latest.current = revalidate;

  useEffect(() => {
    let isMissed = false;
    const refresh = calm(() => latest.current(), REFRESH_EVERY_MS);
    const changed = () => {
      if (document.hidden) isMissed = true;
      else refresh.ask();
    };
    const seen = () => {
      if (document.hidden || !isMissed) return;
      isMissed = false;
      refresh.ask();
    };
    const off = onChange(changed);
    document.addEventListener("visibilitychange", seen);
    return () => {
      off();
      refresh.stop();
      document.removeEventListener("visibilitychange", seen);
    };
  }, [onChange]);
}
