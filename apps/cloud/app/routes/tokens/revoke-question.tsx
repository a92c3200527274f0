import type { TokenView } from "@kombify/api/schemas";
import { ConfirmDanger } from "@kombify/ui";
import { Button, Group, List, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMounted } from "@mantine/hooks";
import { Form, useNavigate, useNavigation, useSearchParams, useSubmit } from "@remix-run/react";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";

const PAGE = "/settings/tokens";
const EFFECTS = ["Whatever uses it is refused from now on.", "Homelabs that were opened with it are closed there."];
const UNDO = "This cannot be undone. Make a new token to let the program in again.";

/** The question before a token is ended; `?revoke=` opens it, so that Back closes it and it works without script. */
export function RevokeQuestion({ tokens }: { tokens: readonly TokenView[] }) {
  const asked = useSearchParams()[0].get("revoke");
  const token = tokens.find(({ id }) => id === asked);
  const isMounted = useMounted();
  const navigate = useNavigate();
  const submit = useSubmit();
  const { state, formMethod } = useNavigation();
  if (!token) return null;
  if (!isMounted) return <PlainQuestion token={token} />;
  const { id, name } = token;
  return (
    <ConfirmDanger
      isOpen
      onClose={() => navigate(PAGE, { replace: true, preventScrollReset: true })}
      title={`Revoke ${name}?`}
      effects={EFFECTS}
      undo={UNDO}
      name={name}
      action="Revoke the token"
      isPending={state !== "idle" && formMethod === "POST"}
      onConfirm={() =>
        submit({ intent: "revoke", id, typedName: name }, { method: "post", action: PAGE, replace: true })
      }
    />
  );
}

/** The same question as a form of the page, for browsers that run no script. */
function PlainQuestion({ token: { id, name } }: { token: TokenView }) {
  return (
    <Paper withBorder p="lg" id="revoke">
      <Form method="post" action={PAGE}>
        <input type="hidden" name="intent" value="revoke" />
        <input type="hidden" name="id" value={id} />
        <Stack gap="sm">
          <Title order={2}>Revoke {name}?</Title>
          <List size="sm">
            {EFFECTS.map((effect) => (
              <List.Item key={effect}>{effect}</List.Item>
            ))}
          </List>
          <Text size="sm" c="dimmed">
            {UNDO}
          </Text>
          <TextInput name="typedName" label={`Type ${name} to confirm`} autoComplete="off" />
          <Group>
            <SubmitButton fullWidth={false} color="red">
              Revoke the token
            </SubmitButton>
            <Button component={PortalLink} href={PAGE} variant="default" size="md">
              Keep it as it is
            </Button>
          </Group>
        </Stack>
      </Form>
    </Paper>
  );
}
