import type { TenantDetailView } from "@kombify/api/schemas";
import { RelativeTime } from "@kombify/ui";
import { Alert, Anchor, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconHourglass } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { LaunchForm } from "../../homelab/launch-form.tsx";
import { LaunchPause } from "../../homelab/launch-pause.tsx";
import { RepairNotice } from "../../homelab/repair-notice.tsx";

const REFUSALS: Record<string, string> = {
  "not-ready": "It was just being set up or brought up to date. Launch it again in a few seconds.",
  "no-answer": "Its host did not answer. Nothing is lost; wait a minute and launch it again.",
  "too-often": "It was launched too often within a minute. Wait a little and launch it again.",
  "not-yours": "You cannot launch this homelab. Ask its owner to invite you.",
};

type LaunchPanelProps = { homelab: TenantDetailView; refusal: string | null };

/** The launch button, or why there is none. */
export function LaunchPanel({ homelab, refusal }: LaunchPanelProps) {
  // What stands in the way now says more than what did when it was launched.
  const isOpen = homelab.status === "active" && !homelab.isUnderRepair && !homelab.isLaunchPaused;
  const refused = refusal === null || (refusal === "not-ready" && !isOpen) ? undefined : REFUSALS[refusal];
  return (
    <Stack gap="md">
      {refused ? (
        <Alert
          role="alert"
          color={refusal === "not-ready" ? "yellow" : "red"}
          icon={refusal === "not-ready" ? <IconHourglass aria-hidden /> : <IconAlertTriangle aria-hidden />}
          title={refusal === "not-ready" ? "It was not ready yet" : "The launch did not work"}
        >
          {refused}
        </Alert>
      ) : null}
      {isOpen ? <Ready homelab={homelab} /> : <NotReady homelab={homelab} />}
    </Stack>
  );
}

function Ready({ homelab }: { homelab: TenantDetailView }) {
  const { instance } = homelab;
  const isSilent = instance !== null && instance.connection !== "connected";
  return (
    <Stack gap="sm" align="flex-start">
      <LaunchForm slug={homelab.slug} />
      {isSilent ? (
        <Text size="sm" c="yellow">
          Its host was last heard from {instance.lastSeenAt ? <RelativeTime at={instance.lastSeenAt} /> : "long ago"}.
          It may well work all the same.
        </Text>
      ) : (
        <Text size="sm" c="dimmed">
          Opens its console in this tab, signed in as you.
        </Text>
      )}
    </Stack>
  );
}

function NotReady({ homelab }: { homelab: TenantDetailView }) {
  const progress = (
    <Anchor component={PortalLink} href={`/welcome?tenant=${homelab.slug}`} underline="always" c="inherit">
      See how far it is
    </Anchor>
  );
  if (homelab.status === "active") return homelab.isUnderRepair ? <RepairNotice /> : <LaunchPause />;
  if (homelab.status === "waiting_for_capacity") {
    return (
      <Notice color="yellow" icon={<IconHourglass aria-hidden />} title="You are in the queue">
        Every host is full right now. We place you as soon as there is room; you can close this page. {progress}
      </Notice>
    );
  }
  if (homelab.status === "provisioning") {
    return (
      <Notice color="iris" title="It is being set up">
        This takes a few seconds. {progress}
      </Notice>
    );
  }
  return (
    <Notice color="red" icon={<IconAlertTriangle aria-hidden />} title="It cannot be launched">
      {homelab.status === "deleting" ? "It is being deleted." : "It has been suspended. Write to us to have it opened."}
    </Notice>
  );
}

type NoticeProps = { color: string; title: string; icon?: ReactNode; children: ReactNode };

function Notice({ color, title, icon, children }: NoticeProps) {
  return (
    <Alert color={color} title={title} icon={icon}>
      {children}
    </Alert>
  );
}
