/** The actions that the audit trail knows, in the words of the filter. */
const ACTIONS = {
  "identity.register": "Signed up",
  "identity.login": "Signed in",
  "identity.staffLogin": "Staff signed in",
  "identity.seedStaff": "Staff account made",
  "identity.updateProfile": "Profile changed",
  "identity.endSession": "Session ended",
  "identity.endOtherSessions": "Other sessions ended",
  "identity.changePassword": "Password changed",
  "identity.requestReset": "Password reset asked for",
  "identity.resetPassword": "Password reset",
  "identity.beginSecondFactor": "Two-step sign-in begun",
  "identity.enableSecondFactor": "Two-step sign-in on",
  "identity.disableSecondFactor": "Two-step sign-in off",
  "identity.renewRecoveryCodes": "Recovery codes renewed",
  "tokens.create": "Access token made",
  "tokens.revoke": "Access token revoked",
  "tenants.create": "Tenant created",
  "tenants.place": "Tenant placed",
  "tenants.activate": "Tenant became active",
  "tenants.quarantine": "Tenant under quarantine",
  "tenants.repair": "Tenant repaired",
  "tenants.launch": "Homelab launched",
  "instances.register": "Instance registered",
  "instances.createJoinToken": "Join token made",
  "instances.cordon": "Instance cordoned",
  "instances.uncordon": "Instance uncordoned",
  "instances.revoke": "Agent cut off",
  "instances.remove": "Instance removed",
  "agents.join": "Agent joined",
  "agents.renew": "Certificate renewed",
  "flags.requestChange": "Change of a flag asked for",
  "flags.approveChange": "Change of a flag approved",
  "flags.rejectChange": "Change of a flag rejected",
  "flags.cancelChange": "Change of a flag taken back",
  "flags.failChange": "Change of a flag failed",
  "flags.push": "Flags sent to a host",
  "rotations.start": "Exchange of keys begun",
  "rotations.finish": "Exchange of keys ended",
  "rotations.cancel": "Exchange of keys cancelled",
  "rotations.setPolicy": "Schedule of keys set",
  "webhooks.addSecret": "Webhook secret entered",
  "webhooks.cutOff": "Signed out by the identity provider",
  "webhooks.replay": "Event asked for again",
} as const;

/** Choices of the filter; an action in the address that is not among them is offered by its own name. */
export function auditActions(current: string): { value: string; label: string }[] {
  const known = Object.entries(ACTIONS).map(([value, label]) => ({ value, label }));
  const isKnown = current === "" || current in ACTIONS;
  return [{ value: "", label: "Any" }, ...(isKnown ? [] : [{ value: current, label: current }]), ...known];
}
