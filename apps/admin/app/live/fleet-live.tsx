/** One connection for all pages of a tab on which the server says that something in the fleet has changed. */
import { keepLive, type LiveState } from "@kombify/ui";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { useKeptCurrent } from "./use-kept-current.ts";

type FleetLiveValue = { state: LiveState; onChange: (listener: () => void) => () => void };

const FleetLiveContext = createContext<FleetLiveValue>({ state: "offline", onChange: () => () => {} });

export function FleetLive({ isOn, children }: { isOn: boolean; children: ReactNode }) {
  const [state, setState] = useState<LiveState>("connecting");
  const listeners = useRef(new Set<() => void>());

  useEffect(() => {
    if (!isOn) return;
    let isLeft = false;
    let end = () => {};
    const tell = () => {
      for (const listener of listeners.current) listener();
    };
    void import("@kombify/portal/trpc").then(({ trpc, isSignedOut }) => {
      if (isLeft) return;
      end = keepLive({
        subscribe: (observer) => trpc.fleet.watch.subscribe(undefined, observer),
        onData: tell,
        onState: setState,
        onReconnect: tell,
        // The page's loaders then lead to the sign-in page.
        isFinal: (error) => {
          if (!isSignedOut(error)) return false;
          tell();
          return true;
        },
      });
    });
    return () => {
      isLeft = true;
      end();
    };
  }, [isOn]);

  const onChange = useCallback((listener: () => void) => {
    listeners.current.add(listener);
    return () => listeners.current.delete(listener);
  }, []);
  const value = useMemo(() => ({ state, onChange }), [state, onChange]);
  return <FleetLiveContext.Provider value={value}>{children}</FleetLiveContext.Provider>;
}

/** Keeps the page's loaders current while somebody looks at it. @returns whether it is kept current. */
export function useFleetLive(): LiveState {
  const { state, onChange } = useContext(FleetLiveContext);
  useKeptCurrent(onChange);
  return state;
}
