import { index, type RouteConfig, route } from "@remix-run/route-config";

export default [
  index("routes/fleet/route.tsx"),
  route("login", "routes/login/route.tsx"),
  route("login/code", "routes/login-code/route.tsx"),
  route("logout", "routes/logout/route.ts"),
  route("instances", "routes/instances/route.tsx"),
  route("instances/new", "routes/new-instance/route.tsx"),
  route("instances/:id", "routes/instance/route.tsx"),
  route("tenants", "routes/tenants/route.tsx"),
  route("tenants/:id", "routes/tenant/route.tsx"),
  route("flags", "routes/flags/route.tsx"),
  route("flags/new", "routes/new-flag/route.tsx"),
  route("flags/segments", "routes/segments/route.tsx"),
  route("flags/changes", "routes/flag-changes/route.tsx"),
  route("flags/import", "routes/flag-import/route.tsx"),
  route("flags/export", "routes/flag-export/route.ts"),
  route("settings/certificates", "routes/certificates/route.tsx"),
  route("audit", "routes/audit/route.tsx"),
  route("settings/security", "routes/security/route.tsx"),
  route("settings", "routes/settings/route.tsx"),
  route("*", "routes/not-found/route.tsx"),
] satisfies RouteConfig;
