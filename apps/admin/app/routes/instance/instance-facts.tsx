import type { InstanceDetailView } from "@kombify/api/schemas";
import { RelativeTime } from "@kombify/ui";
import { Alert, Anchor, Code, List, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Fact, Facts } from "../../frame/section.tsx";
import { newTenants } from "../../instances/new-tenants.ts";
import { PlacesMeter } from "../../instances/places-meter.tsx";
import { RevisionText } from "../../instances/revision-text.tsx";
import { StateMark } from "../../lists/state-mark.tsx";

const ENGINES: Record<InstanceDetailView["engine"], string> = { postgres: "PostgreSQL", pocketbase: "PocketBase" };

/** All dimensions of an instance's state, and where it is. */
export function InstanceFacts({ instance }: { instance: InstanceDetailView }) {
  const { versions, orphans } = instance;
  return (
    <>
      <Facts>
        <Fact name="Connection">
          <StateMark state={instance.connection} />
        </Fact>
        <Fact name="Last heartbeat">
          {instance.lastSeenAt ? <RelativeTime at={instance.lastSeenAt} /> : "None yet"}
        </Fact>
        <Fact name="Health">
          <StateMark state={instance.health} below={instance.healthDetail} />
        </Fact>
        <Fact name="New tenants">
          <StateMark
            {...newTenants(instance)}
            below={
              instance.cordonedAt ? (
                <>
                  since <RelativeTime at={instance.cordonedAt} />
                </>
              ) : null
            }
          />
        </Fact>
        <Fact name="Revision">
          <RevisionText {...instance} />
        </Fact>
        <Fact name="Places">
          <PlacesMeter used={instance.placesUsed} capacity={instance.capacity} />
          {instance.capacityLimit === null ? null : (
            <Text size="xs" c="dimmed">
              staff allow {instance.capacityLimit.toLocaleString("en")} at most
            </Text>
          )}
        </Fact>
        <Fact name="Lifecycle">
          <StateMark state={instance.lifecycle} />
        </Fact>
        <Fact name="Region">{instance.region || "None given"}</Fact>
        <Fact name="Engine">{versions?.engine ?? ENGINES[instance.engine]}</Fact>
        <Fact name="Agent">{versions ? `Version ${versions.agent}` : "Not known yet"}</Fact>
        <Fact name="Last start of the agent">
          {instance.lastBootAt ? <RelativeTime at={instance.lastBootAt} /> : "None yet"}
        </Fact>
        <Fact name="Registered">
          <RelativeTime at={instance.createdAt} />
        </Fact>
        <Fact name="Public address">
          {instance.publicUrl ? (
            <Anchor href={instance.publicUrl} inherit>
              {instance.publicUrl}
            </Anchor>
          ) : (
            "Known once it joins"
          )}
        </Fact>
        <Fact name="Address for the control plane">
          {instance.internalUrl ? <Code>{instance.internalUrl}</Code> : "Known once it joins"}
        </Fact>
        <Fact name="Instance id">
          <Code>{instance.id}</Code>
        </Fact>
      </Facts>
      {orphans.length > 0 ? (
        <Alert
          mt="md"
          color="yellow"
          variant="light"
          icon={<IconAlertTriangle aria-hidden />}
          title="Things on this host that nobody asked for"
        >
          The agent leaves them alone, since nothing says that they may be removed.
          <List size="sm" mt={4}>
            {orphans.map((orphan) => (
              <List.Item key={orphan}>
                <Code>{orphan}</Code>
              </List.Item>
            ))}
          </List>
        </Alert>
      ) : null}
    </>
  );
}
