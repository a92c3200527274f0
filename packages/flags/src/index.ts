export { type CompileSource, compileFlags, type SourceFlag, type TenantFacts } from "./compile.ts";
export { checkDefinitions, type Definition, type DefinitionProblem } from "./definition.ts";
export { digestOfEnvelope, digestOfFlags, envelopeOf, isIntact, sealDocument } from "./digest.ts";
export { COMPILER_VERSION, ENGINE_VERSION, isOurEngine } from "./engine-version.ts";
export { createFlagSet, type Evaluation, type EvaluationContext, type FlagSet } from "./evaluate.ts";
