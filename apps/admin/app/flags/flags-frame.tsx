import { PageHeader } from "@kombify/ui";
import { useLocation } from "@remix-run/react";
import type { ComponentProps, ReactNode } from "react";
import { PageLinks } from "../frame/page-links.tsx";

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
  const pages = PAGES.map(({ href, text }) => ({
    href,
    text: href === "/flags/changes" && waiting ? `${text}: ${waiting} waiting` : text,
  }));
  return (
    <>
      <PageHeader title={PAGES.find(({ href }) => href === pathname)?.text ?? "Flags"} {...header} />
      <PageLinks label="Flags" pages={pages} />
      {children}
    </>
  );
}

/** What is said beside that link about a page of changes that wait; nothing where none do. */
export const waitingText = (page: { items: unknown[]; nextCursor: string | null }): string | undefined =>
  page.items.length === 0 ? undefined : `${page.items.length}${page.nextCursor === null ? "" : "+"}`;
