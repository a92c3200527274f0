import { z } from "zod";
import { staffProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import {
  flagFileSchema,
  flagHistoryInput,
  flagHistoryView,
  flagKeyInput,
  flagListView,
  flagOutcomeView,
  flagPreviewView,
  flagView,
  importedFlagsView,
  importFlagsInput,
  listFlagsInput,
  overrideInput,
  overridesView,
  previewFlagInput,
  reasonedFlagInput,
  removeFlagInput,
  revertFlagInput,
  saveFlagInput,
  saveOverrideInput,
  saveSegmentInput,
  segmentInput,
  segmentsView,
  segmentView,
} from "./schemas.ts";
import {
  exportFlags,
  getFlag,
  importFlags,
  killFlag,
  listFlags,
  listFlagVersions,
  listOverrides,
  listSegments,
  previewFlag,
  removeFlag,
  removeOverride,
  removeSegment,
  restoreFlag,
  revertFlag,
  saveFlag,
  saveOverride,
  saveSegment,
} from "./service.ts";

const tags = ["flags"];

/** What staff do with flags, segments and overrides. */
export const flagsRouter = router({
  list: staffProcedure("flag:read")
    .meta({
      openapi: { method: "GET", path: "/api/admin/flags", tags, summary: "Flags with owner, age, use and who lags" },
    })
    .input(listFlagsInput)
    .output(flagListView)
    .query(({ ctx, input }) => listFlags(ctx, input)),

  exportFile: staffProcedure("flag:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/api/admin/flags/export",
        tags,
        summary: "All flags as a flagd flag-definition file",
      },
    })
    .input(z.void())
    .output(flagFileSchema)
    .query(({ ctx }) => exportFlags(ctx)),

  importFile: staffProcedure("flag:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/api/admin/flags/import",
        tags,
        summary: "Take over a flagd flag-definition file",
      },
    })
    .input(importFlagsInput)
    .output(importedFlagsView)
    .mutation(({ ctx, input }) => importFlags(ctx, input)),

  segments: staffProcedure("flag:read")
    .meta({
      openapi: { method: "GET", path: "/api/admin/flag-segments", tags, summary: "Conditions that flags share" },
    })
    .input(z.void())
    .output(segmentsView)
    .query(({ ctx }) => listSegments(ctx)),

  saveSegment: staffProcedure("flag:write")
    .meta({
      openapi: { method: "PUT", path: "/api/admin/flag-segments/{key}", tags, summary: "Make or change a segment" },
    })
    .input(saveSegmentInput)
    .output(segmentView)
    .mutation(({ ctx, input }) => saveSegment(ctx, input)),

  removeSegment: staffProcedure("flag:write")
    .meta({
      openapi: {
        method: "DELETE",
        path: "/api/admin/flag-segments/{key}",
        tags,
        summary: "Remove a segment that no flag uses",
      },
    })
    .input(segmentInput)
    .output(z.object({ removed: z.literal(true) }))
    .mutation(({ ctx, input }) => removeSegment(ctx, input)),

  get: staffProcedure("flag:read")
    .meta({ openapi: { method: "GET", path: "/api/admin/flags/{key}", tags, summary: "One flag" } })
    .input(flagKeyInput)
    .output(flagView)
    .query(({ ctx, input }) => getFlag(ctx, input)),

  save: staffProcedure("flag:write")
    .meta({
      openapi: {
        method: "PUT",
        path: "/api/admin/flags/{key}",
        tags,
        summary: "Make or change a flag; it may wait for a second person",
      },
    })
    .input(saveFlagInput)
    .output(flagOutcomeView)
    .mutation(({ ctx, input }) => saveFlag(ctx, input)),

  preview: staffProcedure("flag:read")
    .meta({
      openapi: {
        method: "POST",
        path: "/api/admin/flags/{key}/preview",
        tags,
        summary: "What saving would change, and for how many",
      },
    })
    .input(previewFlagInput)
    .output(flagPreviewView)
    .mutation(({ ctx, input }) => previewFlag(ctx, input)),

  remove: staffProcedure("flag:write")
    .meta({
      openapi: { method: "DELETE", path: "/api/admin/flags/{key}", tags, summary: "Remove a flag that no other needs" },
    })
    .input(removeFlagInput)
    .output(flagOutcomeView)
    .mutation(({ ctx, input }) => removeFlag(ctx, input)),

  kill: staffProcedure("flag:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/api/admin/flags/{key}/kill",
        tags,
        summary: "Give everybody the off-variant at once",
      },
    })
    .input(reasonedFlagInput)
    .output(flagOutcomeView)
    .mutation(({ ctx, input }) => killFlag(ctx, input)),

  restore: staffProcedure("flag:write")
    .meta({
      openapi: { method: "POST", path: "/api/admin/flags/{key}/restore", tags, summary: "Let the rules decide again" },
    })
    .input(removeFlagInput)
    .output(flagOutcomeView)
    .mutation(({ ctx, input }) => restoreFlag(ctx, input)),

  overrides: staffProcedure("flag:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/api/admin/flags/{key}/overrides",
        tags,
        summary: "Homelabs that get a variant whatever the rules say",
      },
    })
    .input(flagKeyInput)
    .output(overridesView)
    .query(({ ctx, input }) => listOverrides(ctx, input)),

  saveOverride: staffProcedure("flag:write")
    .meta({
      openapi: {
        method: "PUT",
        path: "/api/admin/flags/{key}/overrides/{tenant}",
        tags,
        summary: "Give one homelab a variant",
      },
    })
    .input(saveOverrideInput)
    .output(flagOutcomeView)
    .mutation(({ ctx, input }) => saveOverride(ctx, input)),

  removeOverride: staffProcedure("flag:write")
    .meta({
      openapi: {
        method: "DELETE",
        path: "/api/admin/flags/{key}/overrides/{tenant}",
        tags,
        summary: "Let the rules decide for this homelab again",
      },
    })
    .input(overrideInput)
    .output(flagOutcomeView)
    .mutation(({ ctx, input }) => removeOverride(ctx, input)),

  history: staffProcedure("flag:read")
    .meta({
      openapi: { method: "GET", path: "/api/admin/flags/{key}/history", tags, summary: "What it was, newest first" },
    })
    .input(flagHistoryInput)
    .output(flagHistoryView)
    .query(({ ctx, input }) => listFlagVersions(ctx, input)),

  revert: staffProcedure("flag:write")
    .meta({
      openapi: { method: "POST", path: "/api/admin/flags/{key}/revert", tags, summary: "Back to an earlier state" },
    })
    .input(revertFlagInput)
    .output(flagOutcomeView)
    .mutation(({ ctx, input }) => revertFlag(ctx, input)),
});
