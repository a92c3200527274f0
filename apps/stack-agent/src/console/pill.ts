/** What every state looks and reads like. The colour only underlines what icon and word already say. */
import type { JobRecord, NodeRecord, StackRecord } from "../engine/records.ts";
import { type Html, html } from "./html.ts";
import { type IconName, icon } from "./icons.ts";

/** good: works. busy: under way. waiting: stands still for a reason. bad: needs somebody. quiet: neither. */
type Tone = "good" | "busy" | "waiting" | "bad" | "quiet";
type Look = { label: string; tone: Tone; icon: IconName };

const look = (label: string, tone: Tone, icon: IconName): Look => ({ label, tone, icon });

const STACKS: Record<StackRecord["status"], Look> = {
  draft: look("Draft", "quiet", "dash"),
  pending: look("Ready to deploy", "waiting", "clock"),
  provisioning: look("Being set up", "busy", "busy"),
  running: look("Running", "good", "check"),
  stopping: look("Stopping", "busy", "busy"),
  stopped: look("Stopped", "quiet", "stop"),
  error: look("Needs attention", "bad", "alert"),
};
const NODES: Record<NodeRecord["status"], Look> = {
  pending: look("Not connected yet", "waiting", "clock"),
  connected: look("Connected", "good", "check"),
  rejected: look("Rejected", "bad", "ban"),
  offline: look("Offline", "bad", "alert"),
};
const JOBS: Record<JobRecord["state"], Look> = {
  pending: look("Waiting to start", "waiting", "clock"),
  waiting: look("Waiting", "waiting", "clock"),
  running: look("Running", "busy", "busy"),
  completed: look("Done", "good", "check"),
  failed: look("Failed", "bad", "alert"),
  canceled: look("Cancelled", "quiet", "ban"),
};

export const pill = ({ label, tone, icon: name }: Look): Html =>
  html`<span class="pill pill-${tone}">${icon(name)}${label}</span>`;

export const stackPill = ({ status }: Pick<StackRecord, "status">): Html => pill(STACKS[status]);
export const nodePill = ({ status }: Pick<NodeRecord, "status">): Html => pill(NODES[status]);
export const jobPill = ({ state }: Pick<JobRecord, "state">): Html => pill(JOBS[state]);

/** The word for a state, for filters. */
export const stackStatusLabel = (status: StackRecord["status"]): string => STACKS[status].label;
export const jobStateLabel = (state: JobRecord["state"]): string => JOBS[state].label;

const JOB_TYPES: Partial<Record<JobRecord["type"], string>> = {
  provision: "Set up",
  update: "Update",
  destroy: "Delete",
};

/** `Set up stack "media"`. */
export function jobTitle({ type, target }: Pick<JobRecord, "type" | "target">): string {
  const words = type.replaceAll("_", " ");
  return `${JOB_TYPES[type] ?? words.charAt(0).toUpperCase() + words.slice(1)} ${target}`;
}
