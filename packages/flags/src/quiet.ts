/** A logger for flagd's engine: what it would warn of is in the evaluation. */
export const QUIET = { error() {}, warn() {}, info() {}, debug() {} };
