import type { RotationKindView } from "@kombify/api/schemas";
import { ConfirmDanger } from "@kombify/ui";
import { Button, Group, List, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMounted } from "@mantine/hooks";
import { Form, useNavigate, useNavigation, useSearchParams, useSubmit } from "@remix-run/react";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";

const HREF = "/settings";
const UNDO = "It can be cancelled until the new key is in use; after that, exchange it again.";

const effectsOf = (kind: RotationKindView): string[] =>
  kind.effects.length > 0 ? kind.effects : ["Exchanges it step by step; what is in use goes on meanwhile."];

/** The question before an exchange; `?rotate=` opens it, so that Back closes it and it works without script. */
export function StartQuestion({ kinds }: { kinds: RotationKindView[] }) {
  const asked = useSearchParams()[0].get("rotate");
  const kind = kinds.find((one) => one.kind === asked && one.running === null);
  const isMounted = useMounted();
  const navigate = useNavigate();
  const submit = useSubmit();
  const { state, formMethod } = useNavigation();
  if (kind && !isMounted) return <PlainQuestion kind={kind} />;
  return kinds.map((each) => (
    <ConfirmDanger
      key={each.kind}
      isOpen={each === kind}
      onClose={() => navigate(HREF, { replace: true, preventScrollReset: true })}
      title={`Rotate now: ${each.title}?`}
      effects={effectsOf(each)}
      undo={UNDO}
      name={each.kind}
      action="Rotate now"
      isPending={state !== "idle" && formMethod === "POST"}
      onConfirm={() =>
        submit(
          { intent: "start", kind: each.kind, typedName: each.kind },
          { method: "post", action: HREF, replace: true, preventScrollReset: true },
        )
      }
    />
  ));
}

/** The same question as a form of the page, for browsers that run no script. */
function PlainQuestion({ kind }: { kind: RotationKindView }) {
  return (
    <Paper withBorder p="md" id="confirm">
      <Form method="post" action={HREF}>
        <input type="hidden" name="kind" value={kind.kind} />
        <Stack gap="sm">
          <Title order={2} size="h3">
            Rotate now: {kind.title}?
          </Title>
          <List size="sm">
            {effectsOf(kind).map((effect) => (
              <List.Item key={effect}>{effect}</List.Item>
            ))}
          </List>
          <Text size="sm" c="dimmed">
            {UNDO}
          </Text>
          <TextInput
            id="typedName"
            name="typedName"
            label={`Type ${kind.kind} to confirm`}
            autoComplete="off"
            spellCheck={false}
          />
          <Group>
            <SubmitButton intent="start" color="red">
              Rotate now
            </SubmitButton>
            <Button component={PortalLink} href={HREF} variant="default">
              Keep it as it is
            </Button>
          </Group>
        </Stack>
      </Form>
    </Paper>
  );
}
