/** What every state of the product looks and reads like: the same tone means the same thing everywhere. */
import {
  IconAlertTriangle,
  IconBan,
  IconBandage,
  IconCalendarClock,
  IconCalendarOff,
  IconChecks,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleOff,
  IconCirclePlus,
  IconCircleX,
  IconClock,
  IconHandStop,
  IconHelpCircle,
  IconHourglass,
  IconLoader,
  IconLogout,
  IconPencil,
  IconPlayerPause,
  IconPlugConnectedX,
  IconTrash,
  IconUserQuestion,
  IconZzz,
  type TablerIcon,
} from "@tabler/icons-react";

/** good: works. busy: under way by itself. waiting: stands still for a reason. bad: needs somebody. quiet: neither. */
export type Tone = "good" | "busy" | "waiting" | "bad" | "quiet";

export const TONE_COLORS: Record<Tone, string> = {
  good: "green",
  busy: "iris",
  waiting: "yellow",
  bad: "red",
  quiet: "gray",
};

export type StateLook = { label: string; tone: Tone; Icon: TablerIcon };

const LOOKS: Record<string, StateLook> = {
  active: { label: "Active", tone: "good", Icon: IconCircleCheck },
  provisioning: { label: "Being set up", tone: "busy", Icon: IconLoader },
  waiting_for_capacity: { label: "In the queue", tone: "waiting", Icon: IconHourglass },
  suspended: { label: "Suspended", tone: "bad", Icon: IconPlayerPause },
  deleting: { label: "Being deleted", tone: "quiet", Icon: IconTrash },
  quarantined: { label: "Under quarantine", tone: "bad", Icon: IconBandage },
  failed: { label: "Failed", tone: "bad", Icon: IconAlertTriangle },
  pending: { label: "Not joined yet", tone: "quiet", Icon: IconCircleDashed },
  connected: { label: "Connected", tone: "good", Icon: IconCircleCheck },
  stale: { label: "Silent", tone: "waiting", Icon: IconClock },
  offline: { label: "Offline", tone: "bad", Icon: IconPlugConnectedX },
  revoked: { label: "Cut off", tone: "bad", Icon: IconBan },
  healthy: { label: "Healthy", tone: "good", Icon: IconCircleCheck },
  degraded: { label: "Degraded", tone: "waiting", Icon: IconAlertTriangle },
  unhealthy: { label: "Unhealthy", tone: "bad", Icon: IconAlertTriangle },
  unknown: { label: "Unknown", tone: "quiet", Icon: IconHelpCircle },
  planned: { label: "Planned", tone: "quiet", Icon: IconCircleDashed },
  upgrading: { label: "Being upgraded", tone: "busy", Icon: IconLoader },
  upgraded: { label: "Upgraded", tone: "good", Icon: IconCircleCheck },
  draining: { label: "Draining", tone: "busy", Icon: IconLogout },
  decommissioned: { label: "Retired", tone: "quiet", Icon: IconBan },
  killed: { label: "Killed", tone: "bad", Icon: IconHandStop },
  disabled: { label: "Disabled", tone: "quiet", Icon: IconCircleOff },
  expired: { label: "Expired", tone: "waiting", Icon: IconCalendarOff },
  unused: { label: "Unused", tone: "quiet", Icon: IconZzz },
  settled: { label: "Settled", tone: "quiet", Icon: IconChecks },
  waiting_for_approval: { label: "Waits for approval", tone: "waiting", Icon: IconUserQuestion },
  scheduled: { label: "Scheduled", tone: "busy", Icon: IconCalendarClock },
  applied: { label: "Done", tone: "good", Icon: IconCircleCheck },
  rejected: { label: "Rejected", tone: "quiet", Icon: IconCircleX },
  cancelled: { label: "Taken back", tone: "quiet", Icon: IconCircleX },
  created: { label: "New", tone: "good", Icon: IconCirclePlus },
  updated: { label: "Changed", tone: "busy", Icon: IconPencil },
  removed: { label: "Removed", tone: "bad", Icon: IconTrash },
  cordoned: { label: "Cordoned", tone: "waiting", Icon: IconBan },
};

/** How a state looks; a state that nobody described reads as its own words, in the quiet tone. */
export function lookOf(state: string): StateLook {
  const words = state.replaceAll("_", " ");
  return LOOKS[state] ?? { label: words.charAt(0).toUpperCase() + words.slice(1), tone: "quiet", Icon: IconHelpCircle };
}
