export { type CompileSource, compileFlags, type SourceFlag, type TenantFacts } from "./compile.ts";
export { type EvaluationContext, evaluationContext } from "./context.ts";
export { checkDefinitions, type Definition, type DefinitionProblem } from "./definition.ts";
export { digestOfEnvelope, digestOfFlags, envelopeOf, isIntact, sealDocument } from "./digest.ts";
export { COMPILER_VERSION, ENGINE_VERSION, isOurEngine } from "./engine-version.ts";
export { createFlagSet, type Evaluation, type FlagSet } from "./evaluate.ts";
export { createFlagSetCache, type FlagSetCache } from "./flag-set-cache.ts";
export { answerBulk, answerFlag, type EventStream, type OfrepAnswer, refetchEvent, type ServedFlags } from "./ofrep.ts";
