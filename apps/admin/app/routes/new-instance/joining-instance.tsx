import type { JoinTokenView } from "@kombify/api/schemas";
import { Button, Group } from "@mantine/core";
import { Form, useFetcher, useNavigate } from "@remix-run/react";
import { useEffect } from "react";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";
import { JoinPanel } from "../../instances/join-panel.tsx";
import { useFleetLive } from "../../live/fleet-live.tsx";
import type { loader as instanceLoader } from "../instance/route.tsx";

/** Long enough to read that it worked. Milliseconds. */
const READING_MS = 1_600;

/** The command for a host that was just registered. Ends on the instance's page when its agent has joined. */
export function JoiningInstance({ token }: { token: JoinTokenView }) {
  const { id } = token.instance;
  const href = `/instances/${id}`;
  const fetcher = useFetcher<typeof instanceLoader>();
  const navigate = useNavigate();
  // Every change in the fleet loads the page's data anew, and what the fetcher holds with it.
  useFleetLive();
  const { load } = fetcher;
  useEffect(() => load(href), [load, href]);
  const connection = fetcher.data?.instance.connection ?? token.instance.connection;
  const hasJoined = connection === "connected";
  useEffect(() => {
    if (!hasJoined) return;
    const timer = setTimeout(() => navigate(href, { replace: true }), READING_MS);
    return () => clearTimeout(timer);
  }, [hasJoined, navigate, href]);
  return (
    <>
      <JoinPanel
        token={token}
        connection={connection}
        renewal={
          <Form method="post" action={href}>
            <SubmitButton intent="join-token">Make a new command</SubmitButton>
          </Form>
        }
      />
      <Group mt="md">
        <Button component={PortalLink} href={href} variant="default">
          Go to {token.instance.name}
        </Button>
      </Group>
    </>
  );
}
