import { PageHeader } from "@kombify/ui";
import { Button, Group } from "@mantine/core";
import { useLocation } from "@remix-run/react";
import type { ReactNode } from "react";
import { PortalLink } from "../frame/portal-link.tsx";

/** Pages of the settings, in the order of their links. */
const PAGES = [
  { href: "/settings", text: "Keys and their rotation" },
  { href: "/settings/certificates", text: "Certificates" },
  { href: "/settings/security", text: "Your two-step sign-in" },
];

type SettingsFrameProps = { description: string; marks?: ReactNode; children: ReactNode };

/** What stands above each page of the settings: its title, and links to the others. */
export function SettingsFrame({ description, marks, children }: SettingsFrameProps) {
  const { pathname } = useLocation();
  const here = PAGES.find(({ href }) => href === pathname);
  return (
    <>
      <PageHeader title={here?.text ?? "Settings"} description={description} marks={marks} />
      <Group component="nav" aria-label="Settings" gap="xs" mb="md">
        {PAGES.map(({ href, text }) => (
          <Button
            key={href}
            component={PortalLink}
            href={href}
            variant={href === pathname ? "light" : "subtle"}
            color={href === pathname ? "iris" : "gray"}
            size="compact-md"
            fw={500}
            {...(href === pathname ? { "aria-current": "page" as const } : {})}
          >
            {text}
          </Button>
        ))}
      </Group>
      {children}
    </>
  );
}
