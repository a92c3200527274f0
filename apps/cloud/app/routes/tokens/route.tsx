import { pageAnswer } from "@kombify/portal/service-error";
import { PageHeader } from "@kombify/ui";
import { Alert, Anchor, Paper, Stack, Title } from "@mantine/core";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { IconCircleCheck } from "@tabler/icons-react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { MadeToken } from "./made-token.tsx";
import { NewTokenForm } from "./new-token-form.tsx";
import { RevokeQuestion } from "./revoke-question.tsx";
import { handleTokenForm } from "./token-action.ts";
import { TokenList } from "./token-list.tsx";

export const meta: MetaFunction = () => [{ title: "Access tokens · kombify" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { items } = await pageAnswer(request, context.requestId, context.api.tokens.list());
  return { tokens: items, now: Date.now(), cloudUrl: context.cloudUrl };
}

export const action = ({ request, context }: ActionFunctionArgs) => handleTokenForm(request, context);

export default function Tokens() {
  const { tokens, now, cloudUrl } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const made = answer && "made" in answer ? answer.made : null;
  const problem = answer && "problem" in answer ? answer.problem : undefined;
  return (
    <Stack maw={860} mx="auto" gap="md">
      <PageHeader
        above={
          <Anchor component={PortalLink} href="/settings" size="sm">
            Settings
          </Anchor>
        }
        title="Access tokens"
        description="For scripts and other programs that use kombify in your name."
      />
      {answer && "revoked" in answer ? (
        <Alert role="status" color="green" variant="light" icon={<IconCircleCheck aria-hidden />}>
          {answer.revoked} is revoked.
        </Alert>
      ) : null}
      {made ? <MadeToken key={made.token.id} {...made} cloudUrl={cloudUrl} /> : null}
      <RevokeQuestion tokens={tokens} />
      <Paper withBorder p={tokens.length > 0 ? "md" : 0}>
        <TokenList tokens={tokens} now={now} />
      </Paper>
      <Paper component="section" withBorder p="lg" aria-labelledby="new-token">
        <Title order={2} id="new-token" mb="md">
          New token
        </Title>
        {/* A form that was taken begins anew. */}
        <NewTokenForm key={made?.token.id ?? "new"} problem={problem} />
      </Paper>
    </Stack>
  );
}
