/** Setting up, looking after and turning off two-step sign-in, as both portals show it. Works without script. */
import type { EnrolmentView, SecondFactorView } from "@kombify/api/schemas";
import { FormErrorSummary, RelativeTime, StatusPill } from "@kombify/ui";
import { Alert, Button, Code, Group, List, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { Form, Link } from "@remix-run/react";
import { type FormProblem, fieldError } from "../form-problem.ts";
import { IntentButton } from "../intent-button.tsx";
import classes from "./two-step.module.css";

export type TwoStepAnswer = { recoveryCodes: string[] } | { problem: FormProblem } | undefined;

type TwoStepProps = {
  factor: SecondFactorView;
  /** The secret that waits for its first code. */
  enrolment: EnrolmentView | null;
  /** What the page's action answered. */
  answer: TwoStepAnswer;
};

/** The one of the page's forms that was refused gets the words. */
const problemOf = (answer: TwoStepAnswer, intent: string) =>
  answer && "problem" in answer && answer.problem.values.intent === intent ? answer.problem : undefined;

export function TwoStep({ factor, enrolment, answer }: TwoStepProps) {
  if (answer && "recoveryCodes" in answer) return <RecoveryCodes codes={answer.recoveryCodes} />;
  if (factor.isOn) return <TurnedOn factor={factor} answer={answer} />;
  if (enrolment) return <Enrolment enrolment={enrolment} problem={problemOf(answer, "enable")} />;
  return (
    <TurnOn hasPassword={factor.hasPassword} problem={problemOf(answer, "begin") ?? problemOf(answer, "enable")} />
  );
}

function TurnOn({ hasPassword, problem }: { hasPassword: boolean; problem: FormProblem | undefined }) {
  if (!hasPassword)
    return (
      <Alert color="blue" variant="light" title="Your provider looks after this">
        You sign in through your identity provider, and its second step counts here. Set it up there.
      </Alert>
    );
  return (
    <Paper withBorder p="lg">
      <Form method="post" noValidate>
        <Stack gap="md">
          <Text>
            Besides your password, signing in then takes a code that an app on your phone shows. Somebody who learns
            your password cannot get in with it.
          </Text>
          <FormErrorSummary message={problem?.message} fields={problem?.fields} labels={{ password: "Password" }} />
          <PasswordInput
            id="password"
            name="password"
            label="Your password"
            description="To be sure that it is you who sets this up."
            autoComplete="current-password"
            error={fieldError(problem, "password")}
            aria-invalid={fieldError(problem, "password") !== undefined}
            visibilityToggleButtonProps={{ "aria-label": "Show or hide the password", tabIndex: 0 }}
          />
          <Group>
            <IntentButton intent="begin">Set it up</IntentButton>
          </Group>
        </Stack>
      </Form>
    </Paper>
  );
}

function Enrolment({ enrolment, problem }: { enrolment: EnrolmentView; problem: FormProblem | undefined }) {
  const { qrSvg, secret, uri } = enrolment;
  return (
    <Paper withBorder p="lg">
      <Form method="post" noValidate>
        <Stack gap="md">
          <FormErrorSummary message={problem?.message} fields={problem?.fields} labels={{ code: "Code" }} />
          <Title order={2} size="h3">
            1. Scan this with your authenticator app
          </Title>
          <div className={classes.enrolment}>
            <img
              className={classes.qr}
              src={`data:image/svg+xml,${encodeURIComponent(qrSvg)}`}
              alt="QR code for your authenticator app"
              width={200}
              height={200}
            />
            <Stack gap="xs" className={classes.byHand}>
              <Text size="sm">Are you on that phone now?</Text>
              <Text size="sm" component="a" href={uri} td="underline">
                Open it in the app
              </Text>
              <Text size="sm" mt="xs">
                Or type this key into the app:
              </Text>
              <Code className={classes.secret} aria-label="Key for your authenticator app">
                {secret.replace(/(.{4})(?=.)/g, "$1 ")}
              </Code>
            </Stack>
          </div>
          <Title order={2} size="h3">
            2. Type the code that it shows
          </Title>
          <TextInput
            id="code"
            name="code"
            label="Code"
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={10}
            maw={220}
            error={fieldError(problem, "code")}
          />
          <Group>
            <IntentButton intent="enable">Turn it on</IntentButton>
          </Group>
        </Stack>
      </Form>
    </Paper>
  );
}

function RecoveryCodes({ codes }: { codes: string[] }) {
  return (
    <Paper withBorder p="lg">
      <Stack gap="md">
        <Title order={2} size="h3">
          Keep your recovery codes
        </Title>
        <Text>
          Each of them signs you in once when your phone is not at hand. Print them or put them into your password
          manager: they are shown this once.
        </Text>
        <List className={classes.codes} aria-label="Recovery codes" listStyleType="none">
          {codes.map((code) => (
            <List.Item key={code}>
              <Code fz="sm">{code}</Code>
            </List.Item>
          ))}
        </List>
        <Group>
          <Button component={Link} to="." variant="default">
            I have kept them
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}

function TurnedOn({ factor, answer }: { factor: SecondFactorView; answer: TwoStepAnswer }) {
  const left = factor.recoveryCodesLeft;
  return (
    <Stack gap="md">
      <Paper withBorder p="lg">
        <Group justify="space-between">
          <Text>
            Signing in takes your password and a code
            {factor.since ? (
              <>
                {" "}
                since <RelativeTime at={factor.since} />
              </>
            ) : null}
            .
          </Text>
          <StatusPill state="active" label="On" />
        </Group>
      </Paper>
      <CodeForm
        intent="renew"
        title="Recovery codes"
        problem={problemOf(answer, "renew")}
        words={`${left === 0 ? "None is" : left === 1 ? "One is" : `${left} are`} left. New ones end those that you have now.`}
        button="Make new recovery codes"
      />
      <CodeForm
        intent="disable"
        title="Turn it off"
        problem={problemOf(answer, "disable")}
        words="Your password alone signs you in then."
        button="Turn it off"
        isDangerous
      />
    </Stack>
  );
}

type CodeFormProps = {
  intent: string;
  title: string;
  words: string;
  button: string;
  problem: FormProblem | undefined;
  isDangerous?: boolean;
};

function CodeForm({ intent, title, words, button, problem, isDangerous = false }: CodeFormProps) {
  const id = `${intent}-code`;
  const fields = problem?.fields.map((field) => ({ ...field, path: id }));
  return (
    <Paper withBorder p="lg">
      <Form method="post" noValidate>
        <Stack gap="sm">
          <Title order={2} size="h3">
            {title}
          </Title>
          <Text c="dimmed">{words}</Text>
          <FormErrorSummary message={problem?.message} fields={fields} labels={{ [id]: "Code" }} />
          <TextInput
            id={id}
            name="code"
            label="Code"
            description="From your authenticator app, or a recovery code."
            autoComplete="one-time-code"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={40}
            maw={320}
            error={fieldError(problem, "code")}
          />
          <Group>
            <IntentButton
              intent={intent}
              {...(isDangerous ? { color: "red", variant: "light" } : { variant: "default" })}
            >
              {button}
            </IntentButton>
          </Group>
        </Stack>
      </Form>
    </Paper>
  );
}
