/** The load generator as a process of its own: takes orders over IPC, so that it shares no event loop with anybody. */
import { applyLoad, type LoadOrder } from "./load.ts";

process.on("message", (order: LoadOrder) => {
  applyLoad(order).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
