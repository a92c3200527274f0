import { useLocation, useNavigation } from "@remix-run/react";
import { type ReactNode, useEffect, useState } from "react";
import { PageSkeleton } from "./page-skeleton.tsx";

/** Most pages are there sooner; a skeleton that flashes is worse than none. Milliseconds. */
const PATIENCE_MS = 200;

/** The page; while another one takes its time to load, that one's outline. A form on its way keeps the page. */
export function WhileLeaving({ children }: { children: ReactNode }) {
  const { pathname } = useLocation();
  const { state, location, formMethod } = useNavigation();
  const target = state === "loading" && formMethod === undefined ? location.pathname : null;
  const [shown, setShown] = useState<string | null>(null);
  useEffect(() => {
    setShown(null);
    if (target === null || target === pathname) return;
    const timer = setTimeout(() => setShown(target), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [target, pathname]);
  return shown !== null && shown === target ? <PageSkeleton pathname={shown} /> : children;
}
