import type { FlagNews } from "@kombify/api/schemas";
import { keepLive, type LiveState } from "@kombify/ui";
import { useCallback, useState } from "react";
import { useKeptCurrent } from "./use-kept-current.ts";

/**
 * Keeps a page of flags current: what staff change, changes that wait, and what instances say that they have stored.
 * @param key of the one flag that the page is about.
 * @returns whether it is kept current.
 */
export function useFlagsLive(key?: string): LiveState {
  const [state, setState] = useState<LiveState>("connecting");
  const onChange = useCallback(
    (tell: () => void) => {
      let isLeft = false;
      let end = () => {};
      const isOurs = ({ noun, id }: FlagNews) => key === undefined || noun !== "flags" || id === key || id === "*";
      void import("@kombify/portal/trpc").then(({ trpc, isSignedOut }) => {
        if (isLeft) return;
        end = keepLive<FlagNews>({
          subscribe: (observer) => trpc.flags.watch.subscribe(undefined, observer),
          onData: (news) => isOurs(news) && tell(),
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
    },
    [key],
  );
  useKeptCurrent(onChange);
  return state;
}
