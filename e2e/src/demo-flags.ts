/** Flags with everything that a flag can have, for pictures and for looking at every page. */
import type { StaffApi } from "./staff-api.ts";

/** Has rules, shares, a prerequisite, and a history. */
export const SHOWN_FLAG = "new-dashboard";
/** Is killed. */
export const KILLED_FLAG = "stack-search";
/** Was written by hand: its targeting is more than rules can say. */
export const HAND_WRITTEN_FLAG = "greeting";

/** A segment whose condition has a group. */
export const SHOWN_SEGMENT = "early-birds";

const half = { variants: { on: true, off: false }, defaultVariant: "off", offVariant: "off" };
const shares = (on: number) => ({
  fractional: [{ cat: [{ var: "$flagd.flagKey" }, { var: "tenantId" }] }, ["on", on], ["off", 100_000 - on]],
});
const rules = (on: number) => ({
  if: [{ ends_with: [{ var: "tenant" }, "lab"] }, "on", { "===": [{ var: "plan" }, "free"] }, shares(on)],
});

export async function makeFlags(staff: StaffApi): Promise<void> {
  const base = { ...half, owner: "Platform", description: "What newer pages are built on", lifetime: "permanent" };
  await staff.saveFlag("new-layout", { ...base, defaultVariant: "on" });
  const shown = {
    ...half,
    owner: "Dashboard team",
    description: "A dashboard with live tiles in place of the list",
    expiresAt: new Date(Date.now() + 60 * 86_400_000),
    prerequisites: [{ flag: "new-layout", variants: ["on"] }],
    metadata: { ticket: "KB-12" },
  };
  await staff.saveFlag(SHOWN_FLAG, { ...shown, targeting: rules(12_500) }, 0, "Labs first, then an eighth of Free");
  await staff.saveFlag(SHOWN_FLAG, { ...shown, targeting: rules(25_000) }, 1, "No complaints in a week");
  const search = { ...half, owner: "Console team", description: "One search over all stacks", defaultVariant: "on" };
  await staff.saveFlag(KILLED_FLAG, search);
  await staff.killFlag(KILLED_FLAG, "Times out on small hosts since noon");
  await staff.saveFlag(HAND_WRITTEN_FLAG, {
    owner: "Onboarding",
    description: "How somebody is welcomed",
    kind: "experiment",
    variants: { plain: { text: "Welcome" }, warm: { text: "Good to see you", waves: true } },
    defaultVariant: "plain",
    targeting: { if: [{ ">": [{ "+": [{ var: "visits" }, 1] }, 3] }, "warm"] },
  });
  await staff.saveSegment(SHOWN_SEGMENT, "Who asked to see things first, and pays", {
    and: [
      { in: [{ var: "plan" }, ["pro", "business"]] },
      { or: [{ ends_with: [{ var: "tenant" }, "lab"] }, { sem_ver: [{ var: "version" }, ">=", "1.4.0"] }] },
    ],
  });
  // Two that wait: for a second person, and for their time.
  await staff.saveFlag(
    "invoices",
    { ...half, owner: "Billing team", isSensitive: true, kind: "permission", lifetime: "permanent" },
    0,
    "Everybody on Business has a contract by now",
  );
  const inFiveDays = new Date(Date.now() + 5 * 86_400_000);
  await staff.saveFlag("new-layout", { ...base, defaultVariant: "off" }, 1, "Taken out of the code then", inFiveDays);
}
