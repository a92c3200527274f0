import { index, type RouteConfig, route } from "@remix-run/route-config";

export default [
  index("routes/start/route.tsx"),
  route("signup", "routes/signup/route.tsx"),
  route("login", "routes/login/route.tsx"),
  route("logout", "routes/logout/route.ts"),
  route("welcome", "routes/welcome/route.tsx"),
  route("homelab", "routes/homelab/route.tsx"),
  route("h/:slug", "routes/address/route.ts"),
  route("launch", "routes/launch/route.ts"),
  route("tenants/new", "routes/new-homelab/route.tsx"),
  route("settings", "routes/settings/route.tsx"),
  route("settings/connections", "routes/connections/route.tsx"),
  route("*", "routes/not-found/route.tsx"),
] satisfies RouteConfig;
