/** Calls `run` at once, then at most once in `everyMs` milliseconds; what comes between is done at the end of the time. */
export function calm(run: () => void, everyMs: number): { ask: () => void; stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsked = false;
  const begin = () => {
    isAsked = false;
    run();
    timer = setTimeout(() => {
      timer = undefined;
      if (isAsked) begin();
    }, everyMs);
  };
  return {
    ask: () => {
      if (timer === undefined) begin();
      else isAsked = true;
    },
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
      isAsked = false;
    },
  };
}
