import type { MeView } from "@kombify/api/schemas";
import { ColorSchemeSwitch, Logo, LogoMark } from "@kombify/ui";
import { Button, Text } from "@mantine/core";
import { Form, useLocation, useNavigation } from "@remix-run/react";
import type { ReactNode } from "react";
import { PortalLink } from "./portal-link.tsx";
import classes from "./site-frame.module.css";

type SiteFrameProps = { me: MeView | null; children: ReactNode };

/** What stands around every page: the way home, who is signed in, the colour scheme. */
export function SiteFrame({ me, children }: SiteFrameProps) {
  const isLoading = useNavigation().state !== "idle";
  return (
    <div className={classes.frame}>
      <a href="#main" className={classes.skip}>
        Skip to the page
      </a>
      <div className={classes.progress} data-loading={isLoading || undefined} aria-hidden />
      <header className={classes.header}>
        <div className={classes.bar}>
          <PortalLink
            href={me ? "/homelab" : "/"}
            className={classes.home}
            data-compact={me ? true : undefined}
            aria-label="kombify, to the start"
          >
            <span className={classes.whole}>
              <Logo />
            </span>
            <span className={classes.mark}>
              <LogoMark />
            </span>
          </PortalLink>
          <nav aria-label="Portal" className={classes.nav}>
            {me ? <SignedInLinks /> : <VisitorLinks />}
          </nav>
        </div>
      </header>
      <main id="main" tabIndex={-1} className={classes.main}>
        {children}
      </main>
      <footer className={classes.footer}>
        <div className={classes.bar}>
          <Text size="sm" c="dimmed" truncate miw={0}>
            {me ? me.user.email : "kombify"}
          </Text>
          <ColorSchemeSwitch />
        </div>
      </footer>
    </div>
  );
}

function SignedInLinks() {
  const { pathname, search } = useLocation();
  const tenant = new URLSearchParams(search).get("tenant");
  // The homelab that is looked at stays the one that is looked at.
  const chosen = tenant === null ? "" : `?${new URLSearchParams({ tenant })}`;
  const links = [
    { path: "/homelab", href: `/homelab${chosen}`, text: "Homelab" },
    { path: "/team", href: `/team${chosen}`, text: "Team" },
    { path: "/settings", href: "/settings", text: "Settings" },
  ];
  return (
    <>
      {links.map(({ path, href, text }) => {
        const isHere = pathname === path || pathname.startsWith(`${path}/`);
        return (
          <Button
            key={path}
            component={PortalLink}
            href={href}
            variant={isHere ? "light" : "subtle"}
            color={isHere ? "iris" : "gray"}
            size="compact-md"
            fw={500}
            {...(isHere ? { "aria-current": pathname === path ? ("page" as const) : ("true" as const) } : {})}
          >
            {text}
          </Button>
        );
      })}
      <Form method="post" action="/logout">
        <Button type="submit" variant="subtle" color="gray" size="compact-md" fw={500}>
          Sign out
        </Button>
      </Form>
    </>
  );
}

function VisitorLinks() {
  const { pathname } = useLocation();
  return (
    <>
      {pathname === "/login" ? null : (
        <Button component={PortalLink} href="/login" variant="subtle" color="gray" size="compact-md" fw={500}>
          Sign in
        </Button>
      )}
      {pathname === "/signup" ? null : (
        <Button component={PortalLink} href="/signup" variant="light" size="compact-md">
          Sign up
        </Button>
      )}
    </>
  );
}
