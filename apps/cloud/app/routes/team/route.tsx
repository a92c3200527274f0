import { refusedForm, textFields } from "@kombify/portal/form-problem";
import { pageAnswer } from "@kombify/portal/service-error";
import { EmptyState } from "@kombify/ui";
import { Button, Paper } from "@mantine/core";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData, useSearchParams } from "@remix-run/react";
import { IconUsers } from "@tabler/icons-react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { act } from "./act.ts";
import { TeamView } from "./team-view.tsx";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `Team${data?.homelab ? ` of ${data.homelab.name}` : ""} · kombify` },
];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const answer = <T,>(call: Promise<T>) => pageAnswer(request, context.requestId, call);
  const asked = new URL(request.url).searchParams.get("tenant");
  const { user, tenants: homelabs } = await answer(context.api.identity.me());
  const slug = asked ?? homelabs[0]?.slug;
  const homelab = homelabs.find((each) => each.slug === slug);
  if (slug === undefined) return { user, homelabs, homelab: null, team: null, invitations: [] };
  const team = await answer(context.api.tenants.members({ slug }));
  const isManager = homelab?.role === "owner" || homelab?.role === "admin";
  const { items: invitations } = isManager ? await answer(context.api.tenants.invitations({ slug })) : { items: [] };
  return { user, homelabs, homelab: homelab ?? null, team, invitations };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  try {
    return redirect(await act(context.api, values));
  } catch (error) {
    return refusedForm(error, values, context.requestId, { request });
  }
}

export default function Team() {
  const { user, homelabs, homelab, team, invitations } = useLoaderData<typeof loader>();
  const problem = useActionData<typeof action>()?.problem;
  const [query] = useSearchParams();
  if (homelab === null || team === null)
    return (
      <Paper withBorder maw={620} mx="auto">
        <EmptyState
          level={1}
          icon={IconUsers}
          title="You belong to no team yet"
          action={
            <Button component={PortalLink} href="/tenants/new" mt="xs">
              Create a homelab
            </Button>
          }
        >
          A homelab has a team: the people who may use it. Create one, or open the link of an invitation.
        </EmptyState>
      </Paper>
    );
  return (
    <TeamView
      // A form that was sent is an empty one again.
      key={`${homelab.slug} ${invitations.map(({ id }) => id).join()} ${team.items.map(({ role }) => role).join()}`}
      me={{ id: user.id, role: homelab.role }}
      homelabs={homelabs}
      homelab={homelab}
      team={team}
      invitations={invitations}
      problem={problem}
      done={query.get("done")}
      removing={query.get("remove")}
      isLeaving={query.has("leave")}
    />
  );
}
