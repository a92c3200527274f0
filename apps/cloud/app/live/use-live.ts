import type { Trpc } from "@kombify/portal/trpc";
import { keepLive, type LiveObserver, type LiveState } from "@kombify/ui";
import { useRevalidator } from "@remix-run/react";
import { useEffect, useRef, useState } from "react";

type LiveSource<T> = {
  /** What is watched; another key begins anew. */
  key: string;
  /** What the loader said. */
  loaded: T;
  subscribe: (trpc: Trpc, observer: LiveObserver<T>) => { unsubscribe: () => void };
};

/**
 * What the server says now: first the loader's answer, then every change as it happens. After a gap the page's loaders
 * run again, so that its other parts are current too.
 */
export function useLive<T>({ key, loaded, subscribe }: LiveSource<T>): { data: T; state: LiveState } {
  const [heard, setHeard] = useState<{ key: string; value: T } | null>(null);
  const [state, setState] = useState<LiveState>("connecting");
  const { revalidate } = useRevalidator();
  const latest = useRef({ subscribe, revalidate });
  latest.current = { subscribe, revalidate };

  useEffect(() => {
    let isLeft = false;
    let end = () => {};
    setState("connecting");
    void import("@kombify/portal/trpc").then(({ trpc, isSignedOut }) => {
      if (isLeft) return;
      end = keepLive<T>({
        subscribe: (observer) => latest.current.subscribe(trpc, observer),
        onData: (value) => setHeard({ key, value }),
        onState: setState,
        onReconnect: () => latest.current.revalidate(),
        isFinal: isSignedOut,
      });
    });
    return () => {
      isLeft = true;
      end();
    };
  }, [key]);

  return { data: heard?.key === key ? heard.value : loaded, state };
}
