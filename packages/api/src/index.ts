export { mountAgentApi, requestInfoOf } from "./agent-api.ts";
export type { Audience, RequestInfo } from "./context.ts";
export { type ControlPlane, type ControlPlaneOptions, createControlPlane } from "./control-plane.ts";
export { seedStaff } from "./identity/service.ts";
export { createJoinToken, getInstance, registerInstance } from "./instances/service.ts";
export { listInstances } from "./instances/views.ts";
export type { AppRouter, Caller } from "./router.ts";
export { inspectTenant, searchTenants } from "./tenants/staff-views.ts";
export { startWorker, type Worker } from "./worker.ts";
