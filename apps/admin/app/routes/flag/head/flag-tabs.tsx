import { Badge, Button } from "@mantine/core";
import { useLocation } from "@remix-run/react";
import { PortalLink } from "../../../frame/portal-link.tsx";
import classes from "./flag-tabs.module.css";

type FlagTabsProps = {
  flagKey: string;
  overrides: number;
  /** Instances that do not have it as it is now. */
  behind: number;
};

/** The parts of a flag's page, each with an address of its own. */
export function FlagTabs({ flagKey, overrides, behind }: FlagTabsProps) {
  const { pathname } = useLocation();
  const base = `/flags/${flagKey}`;
  const tabs = [
    { href: base, text: "Rules" },
    { href: `${base}/overrides`, text: "Overrides", count: overrides, meaning: "homelabs" },
    { href: `${base}/playground`, text: "Playground" },
    { href: `${base}/rollout`, text: "Rollout", count: behind, meaning: "instances behind", color: "yellow" },
    { href: `${base}/usage`, text: "Usage" },
    { href: `${base}/history`, text: "History" },
    { href: `${base}/settings`, text: "Settings" },
  ];
  return (
    <nav aria-label={`Parts of ${flagKey}`} className={classes.tabs}>
      {tabs.map(({ href, text, count = 0, meaning, color = "gray" }) => {
        const isHere = pathname.replace(/\/$/, "") === href;
        return (
          <Button
            key={href}
            component={PortalLink}
            href={href}
            variant={isHere ? "light" : "subtle"}
            color={isHere ? "iris" : "gray"}
            size="compact-md"
            fw={500}
            className={classes.tab}
            {...(isHere ? { "aria-current": "page" as const } : {})}
            rightSection={
              count > 0 ? (
                <Badge size="sm" variant="light" color={color} title={`${count} ${meaning}`}>
                  {count.toLocaleString("en")}
                </Badge>
              ) : null
            }
          >
            {text}
          </Button>
        );
      })}
    </nav>
  );
}
