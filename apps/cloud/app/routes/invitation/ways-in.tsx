import type { InvitationPreview } from "@kombify/api/schemas";
import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { FormErrorSummary, RelativeTime } from "@kombify/ui";
import { Anchor, Stack, Text, TextInput } from "@mantine/core";
import { Form, useLocation } from "@remix-run/react";
import { FormPage } from "../../forms/form-page.tsx";
import { NewPasswordField } from "../../forms/password-field.tsx";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";
import { ROLE_CAN, ROLE_NAMES } from "../../team/roles.ts";

/** As the server has it; importing its schemas would bring the whole validator into this page. */
const MIN_PASSWORD_LENGTH = 10;

type WayInProps = { invitation: InvitationPreview; problem: FormProblem | undefined };

const titleOf = ({ tenantName }: InvitationPreview) => `Join ${tenantName}`;
const leadOf = ({ invitedBy }: InvitationPreview) => `${invitedBy ?? "Somebody"} invites you to this homelab.`;

function WhatItGives({ invitation }: { invitation: InvitationPreview }) {
  return (
    <Text size="sm">
      You join as <b>{ROLE_NAMES[invitation.role]}</b>: you can {ROLE_CAN[invitation.role]}. The invitation ends{" "}
      <RelativeTime at={invitation.expiresAt} />.
    </Text>
  );
}

/** For the person who is meant and signed in. */
export function Accept({ invitation, problem }: WayInProps) {
  return (
    <FormPage title={titleOf(invitation)} lead={leadOf(invitation)}>
      <Form method="post">
        <Stack gap="md">
          <FormErrorSummary message={problem?.message} />
          <WhatItGives invitation={invitation} />
          <input type="hidden" name="intent" value="accept" />
          <SubmitButton>Accept and join</SubmitButton>
        </Stack>
      </Form>
    </FormPage>
  );
}

/** For somebody who is signed in with another address. */
export function OtherAccount({ invitation, myEmail }: { invitation: InvitationPreview; myEmail: string }) {
  return (
    <FormPage
      title={titleOf(invitation)}
      lead="This invitation is for another address."
      below={
        <Anchor component={PortalLink} href="/homelab" underline="always">
          Stay signed in and go to my homelab
        </Anchor>
      }
    >
      <Form method="post">
        <Stack gap="md">
          <Text style={{ overflowWrap: "anywhere" }}>
            It was sent to <b>{invitation.email}</b>, and you are signed in as <b>{myEmail}</b>. Sign out to go on with
            the other address, or ask {invitation.invitedBy ?? "whoever invited you"} to invite this one.
          </Text>
          <input type="hidden" name="intent" value="switch" />
          <SubmitButton>Sign out and continue</SubmitButton>
        </Stack>
      </Form>
    </FormPage>
  );
}

/** For somebody who is not signed in: a new account with the invited address, or one that is there. */
export function JoinByAccount({ invitation, problem, idempotencyKey }: WayInProps & { idempotencyKey: string }) {
  const { pathname } = useLocation();
  return (
    <FormPage
      title={titleOf(invitation)}
      lead={leadOf(invitation)}
      below={
        <>
          Have an account?{" "}
          <Anchor component={PortalLink} href={`/login?${new URLSearchParams({ next: pathname })}`} underline="always">
            Sign in to accept
          </Anchor>
        </>
      }
    >
      <Form method="post" noValidate>
        <Stack gap="md">
          <FormErrorSummary
            message={problem?.message}
            fields={problem?.fields}
            labels={{ email: "E-mail", name: "Your name", password: "Password" }}
          />
          <WhatItGives invitation={invitation} />
          <input type="hidden" name="intent" value="join" />
          <input type="hidden" name="idempotencyKey" value={idempotencyKey} />
          <TextInput
            id="email"
            type="email"
            label="E-mail"
            description="The invitation is for this address."
            autoComplete="username"
            value={invitation.email}
            readOnly
            error={fieldError(problem, "email")}
          />
          <TextInput
            id="name"
            name="name"
            label="Your name"
            description="As the team sees it."
            autoComplete="name"
            defaultValue={problem?.values.name}
            error={fieldError(problem, "name")}
          />
          <NewPasswordField minLength={MIN_PASSWORD_LENGTH} error={fieldError(problem, "password")} />
          <SubmitButton>Create my account and join</SubmitButton>
        </Stack>
      </Form>
    </FormPage>
  );
}
