import type { StaffView } from "@kombify/api/schemas";
import { ColorSchemeSwitch, Logo } from "@kombify/ui";
import { Anchor, Button, Text } from "@mantine/core";
import { Form, useLocation, useNavigation } from "@remix-run/react";
import type { ReactNode } from "react";
import classes from "./admin-frame.module.css";
import { PortalLink } from "./portal-link.tsx";
import { WhileLeaving } from "./while-leaving.tsx";

const PAGES = [
  { href: "/", text: "Fleet" },
  { href: "/instances", text: "Instances" },
  { href: "/tenants", text: "Tenants" },
  { href: "/flags", text: "Flags" },
  { href: "/audit", text: "Audit" },
  { href: "/settings", text: "Settings" },
];

type AdminFrameProps = { staff: StaffView | null; children: ReactNode };

/** What stands around every page: the places to go, who is signed in with which role, the colour scheme. */
export function AdminFrame({ staff, children }: AdminFrameProps) {
  const isLoading = useNavigation().state !== "idle";
  return (
    <div className={classes.frame}>
      <a href="#main" className={classes.skip}>
        Skip to the page
      </a>
      <div className={classes.progress} data-loading={isLoading || undefined} aria-hidden />
      <header className={classes.header}>
        <div className={classes.bar}>
          <PortalLink href="/" className={classes.home}>
            <Logo suffix="Admin" />
          </PortalLink>
          {staff ? <Places /> : null}
          {staff ? <SignedIn staff={staff} /> : null}
        </div>
      </header>
      <main id="main" tabIndex={-1} className={classes.main}>
        <WhileLeaving>{children}</WhileLeaving>
      </main>
      <footer className={classes.footer}>
        <div className={classes.bar}>
          <Text size="sm" c="dimmed">
            {staff ? staff.email : "kombify Admin"}
          </Text>
          <ColorSchemeSwitch />
        </div>
      </footer>
    </div>
  );
}

function Places() {
  const { pathname } = useLocation();
  return (
    <nav aria-label="Admin center" className={classes.places}>
      {PAGES.map(({ href, text }) => {
        const isHere = href === "/" ? pathname === "/" : pathname === href || pathname.startsWith(`${href}/`);
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
  );
}

function SignedIn({ staff }: { staff: StaffView }) {
  return (
    <div className={classes.account}>
      <Anchor component={PortalLink} href="/settings/security" size="sm" c="dimmed" className={classes.who}>
        {staff.name} · {staff.role}
      </Anchor>
      <Form method="post" action="/logout">
        <Button type="submit" variant="subtle" color="gray" size="compact-md" fw={500}>
          Sign out
        </Button>
      </Form>
    </div>
  );
}
