import type { MemberView } from "@kombify/api/schemas";
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { Form } from "@remix-run/react";
import { IconAlertTriangle } from "@tabler/icons-react";
import { type ReactNode, useEffect, useRef } from "react";
import { PortalLink } from "../../frame/portal-link.tsx";

type ConfirmProps = {
  slug: string;
  title: string;
  action: string;
  fields: Record<string, string>;
  children: ReactNode;
};

/** Asks before a deed, on the page itself: the question is in the address, so it works without script and Back undoes it. */
function Confirm({ slug, title, action, fields, children }: ConfirmProps) {
  const box = useRef<HTMLDivElement>(null);
  // The link that asked may be far below.
  useEffect(() => box.current?.focus(), []);
  return (
    <Alert ref={box} tabIndex={-1} role="alert" color="red" icon={<IconAlertTriangle aria-hidden />} title={title}>
      <Stack gap="sm">
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {children}
        </Text>
        <Form method="post" action={`/team?tenant=${slug}`}>
          {Object.entries({ ...fields, tenant: slug }).map(([name, value]) => (
            <input key={name} type="hidden" name={name} value={value} />
          ))}
          <Group gap="sm">
            <Button type="submit" color="red">
              {action}
            </Button>
            <Button component={PortalLink} href={`/team?tenant=${slug}`} variant="default">
              Keep it as it is
            </Button>
          </Group>
        </Form>
      </Stack>
    </Alert>
  );
}

export function ConfirmRemove({
  slug,
  member,
  homelabName,
}: {
  slug: string;
  member: MemberView;
  homelabName: string;
}) {
  return (
    <Confirm
      slug={slug}
      title={`Remove ${member.name} from the team?`}
      action="Remove from the team"
      fields={{ intent: "remove", userId: member.userId }}
    >
      {member.email} can no longer open {homelabName}, and is signed out of it at once. What they made stays. To undo
      it, invite them again.
    </Confirm>
  );
}

export function ConfirmLeave({ slug, homelabName }: { slug: string; homelabName: string }) {
  return (
    <Confirm slug={slug} title={`Leave ${homelabName}?`} action="Leave the team" fields={{ intent: "leave" }}>
      You can no longer open it, and are signed out of it at once. What you made stays. To come back, ask to be invited.
    </Confirm>
  );
}
