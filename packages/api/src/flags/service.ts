/**
 * Flags, segments and overrides: what staff do with them. Owns `flags`, `flag_segments`, `flag_overrides`, `flag_versions` and
 * `flag_settings`. All that changes a flag goes through request-change.ts, which knows who has to agree and when, and
 * apply-change.ts, which alone writes. What a tenant gets of it is compiled elsewhere: documents.ts.
 */
export { lockFlags, raiseFlagsRevision } from "./apply-change.ts";
export { importFlags } from "./exchange-file.ts";
export { exportFlags } from "./export-file.ts";
export { getFlag } from "./get-flag.ts";
export { listFlagVersions, revertFlag } from "./history.ts";
export { importFlagFile } from "./import-file.ts";
export { listFlags } from "./list-flags.ts";
export { listOverrides, removeOverride, saveOverride } from "./overrides.ts";
export { previewFlag } from "./preview-flag.ts";
export { saveFlag } from "./save-flag.ts";
export { listSegments, removeSegment, saveSegment } from "./segments.ts";
export { killFlag, removeFlag, restoreFlag } from "./switch-flag.ts";
