/** Changes of flags that wait, the playground, and use. */
export { listFlagChanges } from "./change-views.ts";
export { approveFlagChange, cancelFlagChange, rejectFlagChange } from "./decide-change.ts";
export { readFlagUsage } from "./read-usage.ts";
export { tryFlag } from "./try-flag.ts";
