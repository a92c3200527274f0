/**
 * What is new for a homelab: flags whose metadata says what they bring (`announce`, and beside it `announceText`,
 * `announceLink`, `announcedAt`), and which are on for it.
 */
import { ServiceError } from "@kombify/agent-contract";
import type { Evaluation } from "@kombify/flags";
import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import { evaluationContextOf, flagsOf } from "./evaluation.ts";
import { readOwnFlags } from "./own-flags.ts";
import type { announcementsView } from "./schemas.ts";

type Announcement = z.output<typeof announcementsView>["items"][number];

const textOf = (value: unknown): string | null => (typeof value === "string" && value.trim() !== "" ? value : null);

function announcementOf({ key, metadata }: Evaluation): Announcement | null {
  const title = textOf(metadata.announce);
  if (title === null) return null;
  const at = new Date(textOf(metadata.announcedAt) ?? Number.NaN);
  const link = textOf(metadata.announceLink);
  return {
    id: key,
    title,
    text: textOf(metadata.announceText),
    // A page of this portal, whoever wrote it: an address elsewhere would look like ours.
    link: link !== null && /^\/(?![/\\])[^\\\s]*$/.test(link) ? link : null,
    announcedAt: Number.isNaN(at.getTime()) ? null : at,
  };
}

/** Something else than what everybody has without it. */
const isOn = ({ value, variant }: Evaluation, offVariant: string | undefined): boolean =>
  value !== undefined && value !== false && (offVariant === undefined || variant !== offVariant);

/**
 * The newest first, those without a date last.
 * @throws ServiceError NOT_FOUND while the page is off for this homelab.
 */
export async function listAnnouncements(ctx: TenantContext): Promise<z.output<typeof announcementsView>> {
  if (!(await readOwnFlags(ctx, "whatsNew")).whatsNew) throw new ServiceError("NOT_FOUND", "There is nothing here.");
  const flags = await flagsOf(ctx);
  // Not counted: to say that something is on is not to use it.
  const items = flags.flagSet
    .evaluateAll(evaluationContextOf(ctx, flags))
    .filter((evaluation) => isOn(evaluation, flags.document.flags[evaluation.key]?.offVariant))
    .map(announcementOf)
    .filter((one) => one !== null)
    .sort((one, other) => (other.announcedAt?.getTime() ?? 0) - (one.announcedAt?.getTime() ?? 0));
  return { items };
}
