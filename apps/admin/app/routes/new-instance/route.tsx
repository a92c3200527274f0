import { fieldError, numberField, refusedForm, textFields } from "@kombify/portal/form-problem";
import { FormErrorSummary, PageHeader } from "@kombify/ui";
import { Anchor, Paper, Stack, TextInput } from "@mantine/core";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData } from "@remix-run/react";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { useLastAnswer } from "../../forms/use-last-answer.ts";
import { PortalLink } from "../../frame/portal-link.tsx";
import { requireOperator } from "../../frame/staff.ts";
import { JoiningInstance } from "./joining-instance.tsx";

export const meta: MetaFunction = () => [{ title: "Register an instance · kombify Admin" }];

const LABELS = { name: "Name", region: "Region", capacity: "Places" };

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireOperator(request, context.requestId, context.api.identity.staffMe());
  return null;
}

export async function action({ request, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  const { name = "", region = "" } = values;
  try {
    // What is no number goes on as it was typed; the schema refuses it with the words for it.
    const capacity = numberField(values.capacity) as number | undefined;
    return { token: await context.api.instances.register({ name, region, capacity }) };
  } catch (error) {
    return refusedForm(error, values, context.requestId, { request });
  }
}

export default function NewInstance() {
  const answer = useLastAnswer(useActionData<typeof action>());
  const back = (
    <Anchor component={PortalLink} href="/instances" size="sm">
      Instances
    </Anchor>
  );
  if (answer && "token" in answer)
    return (
      <>
        <PageHeader above={back} title="Register an instance" />
        <JoiningInstance token={answer.token} />
      </>
    );
  const problem = answer?.problem;
  return (
    <>
      <PageHeader
        above={back}
        title="Register an instance"
        description="You get a command to run on the machine. Once its agent has joined, tenants can be placed there."
      />
      <Paper withBorder p="lg" maw={520}>
        <Form method="post" noValidate>
          <Stack gap="md">
            <FormErrorSummary message={problem?.message} fields={problem?.fields} labels={LABELS} />
            <TextInput
              id="name"
              name="name"
              label="Name"
              description="Lower-case letters, digits and hyphens, such as stack-2."
              defaultValue={problem?.values.name}
              error={fieldError(problem, "name")}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              required
              withAsterisk={false}
            />
            <TextInput
              id="region"
              name="region"
              label="Region (optional)"
              description="Where it stands, in your own words."
              defaultValue={problem?.values.region}
              error={fieldError(problem, "region")}
              autoComplete="off"
            />
            <TextInput
              id="capacity"
              name="capacity"
              label="Places (optional)"
              description="How many tenants it takes at most. Left empty, it has as many as its host says when it joins."
              inputMode="numeric"
              autoComplete="off"
              defaultValue={problem?.values.capacity}
              error={fieldError(problem, "capacity")}
            />
            <SubmitButton>Register and get the command</SubmitButton>
          </Stack>
        </Form>
      </Paper>
    </>
  );
}
