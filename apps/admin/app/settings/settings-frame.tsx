import { PageHeader } from "@kombify/ui";
import { useLocation } from "@remix-run/react";
import type { ReactNode } from "react";
import { PageLinks } from "../frame/page-links.tsx";

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
      <PageLinks label="Settings" pages={PAGES} />
      {children}
    </>
  );
}
