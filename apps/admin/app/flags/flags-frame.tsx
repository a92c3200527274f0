import { PageHeader } from "@kombify/ui";
import { Button, Group } from "@mantine/core";
import { useLocation } from "@remix-run/react";
import type { ComponentProps, ReactNode } from "react";
import { PortalLink } from "../frame/portal-link.tsx";

/** Pages about all flags, in the order of their links. */
const PAGES = [
  { href: "/flags", text: "Flags" },
  { href: "/flags/segments", text: "Segments" },
  { href: "/flags/changes", text: "Changes" },
  { href: "/flags/import", text: "Import and export" },
];

type FlagsFrameProps = Pick<ComponentProps<typeof PageHeader>, "description" | "marks" | "actions"> & {
  /** How many changes wait, such as `3` or `99+`; beside the link to them. */
  waiting?: string | undefined;
  children: ReactNode;
};

/** What stands above each page about all flags: its title, and links to the others. */
export function FlagsFrame({ waiting, children, ...header }: FlagsFrameProps) {
  const { pathname } = useLocation();
  return (
    <>
      <PageHeader title={PAGES.find(({ href }) => href === pathname)?.text ?? "Flags"} {...header} />
      <Group component="nav" aria-label="Flags" gap="xs" mb="md">
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
            {href === "/flags/changes" && waiting ? `${text}: ${waiting} waiting` : text}
          </Button>
        ))}
      </Group>
      {children}
    </>
  );
}

/** What is said beside that link about a page of changes that wait; nothing where none do. */
export const waitingText = (page: { items: unknown[]; nextCursor: string | null }): string | undefined =>
  page.items.length === 0 ? undefined : `${page.items.length}${page.nextCursor === null ? "" : "+"}`;
