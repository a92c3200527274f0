import type { MeView } from "@kombify/api/schemas";
import { Button } from "@mantine/core";
import { IconPlus, IconSparkles } from "@tabler/icons-react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { HomelabChoice } from "../../homelab/homelab-choice.tsx";
import classes from "./homelab.module.css";

type HomelabSwitcherProps = { homelabs: MeView["tenants"]; current: string; hasNews: boolean };

/** What is new, another of one's homelabs, and a new one. The choice is in the address. */
export function HomelabSwitcher({ homelabs, current, hasNews }: HomelabSwitcherProps) {
  return (
    <div className={classes.switcher}>
      {hasNews ? (
        <Button
          component={PortalLink}
          href={`/whats-new?tenant=${current}`}
          variant="subtle"
          size="sm"
          leftSection={<IconSparkles size={16} aria-hidden />}
        >
          What is new
        </Button>
      ) : null}
      <HomelabChoice page="/homelab" homelabs={homelabs} current={current} />
      <Button
        component={PortalLink}
        href="/tenants/new"
        variant="default"
        size="sm"
        leftSection={<IconPlus size={16} aria-hidden />}
      >
        New homelab
      </Button>
    </div>
  );
}
