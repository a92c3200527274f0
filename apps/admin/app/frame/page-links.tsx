import { Button, Group } from "@mantine/core";
import { useLocation } from "@remix-run/react";
import { PortalLink } from "./portal-link.tsx";

type PageLinksProps = {
  /** What the pages are about. */
  label: string;
  pages: readonly { href: string; text: string }[];
};

/** Links between pages that belong together, above each of them. */
export function PageLinks({ label, pages }: PageLinksProps) {
  const { pathname } = useLocation();
  return (
    <Group component="nav" aria-label={label} gap="xs" mb="md">
      {pages.map(({ href, text }) => (
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
  );
}
