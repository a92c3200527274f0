import { index, type RouteConfig, route } from "@remix-run/route-config";

export default [
  index("routes/start/route.tsx"),
  route("signup", "routes/signup/route.tsx"),
  route("login", "routes/login/route.tsx"),
  route("login/code", "routes/login-code/route.tsx"),
  route("reset", "routes/reset/route.tsx"),
  route("reset/:token", "routes/new-password/route.tsx"),
  route("logout", "routes/logout/route.ts"),
  route("welcome", "routes/welcome/route.tsx"),
  route("homelab", "routes/homelab/route.tsx"),
  route("h/:slug", "routes/address/route.ts"),
  route("launch", "routes/launch/route.ts"),
  route("tenants/new", "routes/new-homelab/route.tsx"),
  route("team", "routes/team/route.tsx"),
  route("invitations/:token", "routes/invitation/route.tsx"),
  route("dev/mailbox", "routes/mailbox/route.tsx"),
  route("dev/mailbox/:id", "routes/mail/route.tsx"),
  route("settings", "routes/settings/route.tsx", [
    index("routes/settings-profile/route.tsx"),
    route("security", "routes/settings-security/route.tsx"),
    route("security/two-step", "routes/settings-two-step/route.tsx"),
    route("tokens", "routes/tokens/route.tsx"),
    route("connections", "routes/connections/route.tsx"),
    route("appearance", "routes/settings-appearance/route.tsx"),
  ]),
  route("*", "routes/not-found/route.tsx"),
] satisfies RouteConfig;
