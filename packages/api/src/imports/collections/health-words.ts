import { oneOf } from "../field-schemas.ts";

/** Words that old Admin centers used for how an instance was. */
export const healthWord = oneOf({
  healthy: ["ok", "up", "online", "active", "running", "success", "passing", "connected", "ready", "pass"],
  degraded: ["warning", "slow", "warn", "stale"],
  unhealthy: ["down", "offline", "error", "failed", "failing", "failure", "timeout", "critical", "fail", "unreachable"],
  unknown: [
    ...["pending", "planned", "provisioning", "enrolling", "maintenance", "draining", "cordoned", "disabled"],
    ...["inactive", "stopped", "retired", "decommissioning", "decommissioned"],
  ],
});
