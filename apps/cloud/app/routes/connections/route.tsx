import { refusedForm, textFields } from "@kombify/portal/form-problem";
import { pageAnswer } from "@kombify/portal/service-error";
import { FormErrorSummary, PageHeader } from "@kombify/ui";
import { Alert, Anchor, Stack } from "@mantine/core";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { Connections } from "../../sign-in/connections.tsx";
import { providerProblem } from "../../sign-in/provider-problem.ts";

export const meta: MetaFunction = () => [{ title: "Connected accounts · kombify" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const connections = await pageAnswer(request, context.requestId, context.api.identity.connections());
  const { items: providers } = await context.api.identity.providers();
  const { searchParams } = new URL(request.url);
  const connected = providers.find(({ id }) => id === searchParams.get("connected"))?.name ?? null;
  return { connections, connected, problem: providerProblem(searchParams, providers) };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  try {
    if (values.intent === "connect") {
      const { continueAt } = await context.api.identity.connect({ provider: values.provider ?? "" });
      return redirect(continueAt);
    }
    await context.api.identity.disconnect({ issuer: values.issuer ?? "" });
    return redirect("/settings/connections");
  } catch (error) {
    return refusedForm(error, values, context.requestId, { request });
  }
}

export default function ConnectedAccounts() {
  const { connections, connected, problem } = useLoaderData<typeof loader>();
  const refused = useActionData<typeof action>()?.problem;
  return (
    <Stack maw={640} mx="auto" gap="md">
      <PageHeader title="Connected accounts" />
      {connected ? (
        <Alert color="green" role="status">
          {connected} is connected. You can sign in with it from now on.
        </Alert>
      ) : null}
      <FormErrorSummary message={refused?.message ?? problem ?? undefined} fields={[]} labels={{}} />
      <Connections connections={connections} />
      <Anchor component={PortalLink} href="/settings">
        Back to settings
      </Anchor>
    </Stack>
  );
}
