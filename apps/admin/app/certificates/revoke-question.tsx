import type { ServiceCertificateView } from "@kombify/api/schemas";
import { Button, Group, List, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { Form } from "@remix-run/react";
import { SubmitButton } from "../forms/submit-button.tsx";
import { PortalLink } from "../frame/portal-link.tsx";
import { SERVICE_TITLES } from "./service-certificates.tsx";

type RevokeQuestionProps = { certificate: ServiceCertificateView; backHref: string; error?: string | undefined };

/** Asks before a certificate is taken back: says what will happen, and wants the service's name typed. */
export function RevokeQuestion({ certificate, backHref, error }: RevokeQuestionProps) {
  const { serial, service } = certificate;
  const name = SERVICE_TITLES[service];
  const next =
    service === "gateway"
      ? "Nothing comes through the gateway until it has a new one: npm run kombify -- gateway certificate."
      : `${name} takes a new one by itself within a moment.`;
  return (
    <Paper withBorder p="md" component="section" aria-label="Confirm">
      <Form method="post">
        <Stack gap="sm">
          <Title order={2} size="h3">
            Revoke this certificate of {service === "gateway" ? "the gateway" : name}?
          </Title>
          <List size="sm">
            <List.Item>Whoever shows {serial.slice(0, 16)}… is refused from the next request on.</List.Item>
            <List.Item>Connections that are open with it are cut, and every host is told.</List.Item>
            <List.Item>{next}</List.Item>
          </List>
          <Text size="sm" c="dimmed">
            This cannot be undone.
          </Text>
          <input type="hidden" name="serial" value={serial} />
          <TextInput name="typedName" label={`Type ${name} to confirm`} autoComplete="off" error={error} />
          <Group>
            <SubmitButton color="red">Revoke the certificate</SubmitButton>
            <Button component={PortalLink} href={backHref} variant="default">
              Keep it as it is
            </Button>
          </Group>
        </Stack>
      </Form>
    </Paper>
  );
}
