import type { CollectionReport, ImportReport } from "@kombify/api";
import { formatTable } from "../table.ts";

/** Enough of a digest to compare two by eye; --json has all of it. */
const SHOWN_DIGITS = 12;

function digestCell({ sourceDigest, targetDigest, counts }: CollectionReport): string {
  if (counts.accepted === 0) return "-";
  const shown = sourceDigest.slice(0, SHOWN_DIGITS);
  return sourceDigest === targetDigest
    ? `${shown} both`
    : `${shown} DIFFERS from ${targetDigest.slice(0, SHOWN_DIGITS)}`;
}

const counted = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} (${count})`)
    .join(", ");

function notes(name: string, { refused, kept, differing, besides, leftBehind }: CollectionReport): string[] {
  return [
    ...refused.map(({ id, field, reason }) => `${name} ${id} not taken: ${field} ${reason}`),
    ...kept.map(({ id, reason }) => `${name} ${id} left as it is here: it ${reason}`),
    ...differing.map((id) => `${name} ${id} DIFFERS: it came back otherwise than it was read`),
    ...(Object.keys(besides).length > 0 ? [`${name}: kept beside the rows: ${counted(besides)}`] : []),
    ...(Object.keys(leftBehind).length > 0 ? [`${name}: left behind as credentials: ${counted(leftBehind)}`] : []),
  ];
}

/** What an import did, for people: a line for each collection, then whatever needs a word. */
export function formatReport({ source, isDryRun, isComplete, isIntact, collections }: ImportReport): string {
  const entries = Object.entries(collections);
  const rows = entries.map(([name, report]) => [
    ...[name, report.foundAs ?? "absent", String(report.read), String(report.imported), String(report.updated)],
    ...[String(report.unchanged), String(report.kept.length), String(report.refused.length), digestCell(report)],
  ]);
  const headings = [
    "kind",
    "there",
    "read",
    "new",
    "updated",
    "unchanged",
    "ours kept",
    "refused",
    "digest there and here",
  ];
  const state = isComplete ? "Complete" : "Stopped before the end: run it again to go on";
  const proof = isIntact ? "every row that was taken came back as it was read" : "ROWS CAME BACK OTHERWISE";
  const dry = isDryRun ? " This was a dry run: nothing was written." : "";
  return [
    formatTable(headings, rows),
    ...["", ...entries.flatMap(([name, report]) => notes(name, report))],
    `${state}; ${proof}. The source is known here as "${source}".${dry}`,
  ].join("\n");
}
