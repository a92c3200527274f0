import { Outlet } from "@remix-run/react";
import { SettingsFrame } from "../../settings/settings-frame.tsx";

/** Around every page of settings. */
export default function Settings() {
  return (
    <SettingsFrame>
      <Outlet />
    </SettingsFrame>
  );
}
