import type { TokenView } from "@kombify/api/schemas";
import { Button, Group, List, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { Form, useSearchParams } from "@remix-run/react";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";

const PAGE = "/settings/tokens";
const EFFECTS = ["Whatever uses it is refused from now on.", "Homelabs that were opened with it are closed there."];
const UNDO = "This cannot be undone. Make a new token to let the program in again.";

/**
 * The question before a token is ended. `?revoke=` opens it, so that Back closes it; it is a form of the page, which works
 * without script and costs no dialog.
 */
export function RevokeQuestion({ tokens }: { tokens: readonly TokenView[] }) {
  const asked = useSearchParams()[0].get("revoke");
  const token = tokens.find(({ id }) => id === asked);
  return token ? <Question token={token} /> : null;
}

function Question({ token: { id, name } }: { token: TokenView }) {
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
