export { OWN_FLAG_DEFAULTS, OWN_FLAG_KEYS, type OwnFlags } from "./own-flags.generated.ts";
export { evaluateOwnFlags, OWN_FLAG_NAMES } from "./own-flags.ts";
