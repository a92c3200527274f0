/** flagd's library by itself, as its documentation uses it; without generated code, like ours. */
import type { CompiledFlags } from "@kombify/agent-contract";
import { FlagdCore } from "@openfeature/flagd-core";

const quiet = { error() {}, warn() {}, info() {}, debug() {} };

export function bareCore(flags: CompiledFlags): FlagdCore {
  const core = new FlagdCore(undefined, quiet, { disableDynamicCodeGeneration: true });
  core.setConfigurations(JSON.stringify({ flags }));
  return core;
}
