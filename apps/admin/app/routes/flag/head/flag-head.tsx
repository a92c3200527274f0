import type { FlagView } from "@kombify/api/schemas";
import { LiveMark, type LiveState, PageHeader, StatusPill } from "@kombify/ui";
import { Anchor, Badge, Button } from "@mantine/core";
import { IconLock, IconPower } from "@tabler/icons-react";
import { PortalLink } from "../../../frame/portal-link.tsx";

type FlagHeadProps = { flag: FlagView; live: LiveState; mayWrite: boolean };

/** What the flag is called and how it stands, and its kill switch: within reach on every tab. */
export function FlagHead({ flag, live, mayWrite }: FlagHeadProps) {
  return (
    <PageHeader
      above={
        <Anchor component={PortalLink} href="/flags" size="sm">
          Flags
        </Anchor>
      }
      title={<span style={{ overflowWrap: "anywhere" }}>{flag.key}</span>}
      description={flag.description}
      marks={
        <>
          <StatusPill state={flag.standing} />
          {flag.isSensitive ? <SensitiveMark /> : null}
          <LiveMark state={live} />
        </>
      }
      actions={
        mayWrite && flag.killedAt === null ? (
          <Button
            component={PortalLink}
            href="?ask=kill"
            variant="light"
            color="red"
            leftSection={<IconPower size={16} aria-hidden />}
          >
            Kill…
          </Button>
        ) : null
      }
    />
  );
}

function SensitiveMark() {
  return (
    <Badge
      variant="light"
      color="gray"
      radius="xl"
      tt="none"
      fw={600}
      leftSection={<IconLock size={14} stroke={2} aria-hidden />}
      title="Every change but the kill switch waits for a second person."
    >
      Sensitive
    </Badge>
  );
}
