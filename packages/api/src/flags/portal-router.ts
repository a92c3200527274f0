import { OWN_FLAG_NAMES, type OwnFlags } from "@kombify/flags/own";
import { z } from "zod";
import { tenantProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { listAnnouncements } from "./announcements.ts";
import { readOwnFlags } from "./own-flags.ts";
import { evaluatePortalFlags } from "./portal-flags.ts";
import { announcementsView, portalFlagsView, tenantSelectionInput } from "./schemas.ts";

/** What flags give somebody in Cloud. */
export const portalFlagsRouter = router({
  portal: tenantProcedure("flag:evaluate")
    .meta({
      hasEtag: true,
      openapi: {
        method: "GET",
        path: "/v1/portal/feature-flags",
        tags: ["flags"],
        summary: "Every flag for one's homelab and oneself",
      },
    })
    .input(tenantSelectionInput)
    .output(portalFlagsView)
    .query(({ ctx }) => evaluatePortalFlags(ctx)),

  own: tenantProcedure("flag:evaluate")
    .input(tenantSelectionInput)
    .output(z.custom<OwnFlags>((value) => typeof value === "object" && value !== null))
    .query(({ ctx }) => readOwnFlags(ctx, ...OWN_FLAG_NAMES)),

  announcements: tenantProcedure("flag:evaluate")
    .input(tenantSelectionInput)
    .output(announcementsView)
    .query(({ ctx }) => listAnnouncements(ctx)),
});
