import { Button } from "@mantine/core";
import { useLocation } from "@remix-run/react";
import type { ReactNode } from "react";
import { PortalLink } from "../frame/portal-link.tsx";
import classes from "./settings-frame.module.css";

const PLACES = [
  { href: "/settings", text: "Profile" },
  { href: "/settings/security", text: "Security" },
  { href: "/settings/tokens", text: "Access tokens" },
  { href: "/settings/connections", text: "Connected accounts" },
  { href: "/settings/appearance", text: "Appearance" },
];

/** What stands around every page of settings: the ways to the others, beside the page, above it on a phone. */
export function SettingsFrame({ children }: { children: ReactNode }) {
  const { pathname } = useLocation();
  return (
    <div className={classes.frame}>
      <nav aria-label="Settings" className={classes.places}>
        {PLACES.map(({ href, text }) => {
          const isHere = pathname === href || (href !== "/settings" && pathname.startsWith(`${href}/`));
          return (
            <Button
              key={href}
              component={PortalLink}
              href={href}
              variant={isHere ? "light" : "subtle"}
              color={isHere ? "iris" : "gray"}
              size="compact-md"
              fw={500}
              {...(isHere ? { "aria-current": pathname === href ? ("page" as const) : ("true" as const) } : {})}
            >
              {text}
            </Button>
          );
        })}
      </nav>
      <div>{children}</div>
    </div>
  );
}
