import { pageAnswer } from "@kombify/portal/service-error";
import { EmptyState, PageHeader } from "@kombify/ui";
import { Anchor, Button, Paper } from "@mantine/core";
import { data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { IconSparkles } from "@tabler/icons-react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { HomelabChoice } from "../../homelab/homelab-choice.tsx";
import { AnnouncementList } from "./announcement-list.tsx";
import classes from "./whats-new.module.css";

export const meta: MetaFunction = () => [{ title: "What is new · kombify" }];

/** The page is there where the flag `whats-new` is on for the homelab, and nowhere else. */
export async function loader({ request, context }: LoaderFunctionArgs) {
  const answer = <T,>(call: Promise<T>) => pageAnswer(request, context.requestId, call);
  const asked = new URL(request.url).searchParams.get("tenant");
  const { tenants: homelabs } = await answer(context.api.identity.me());
  const slug = asked ?? homelabs[0]?.slug;
  if (slug === undefined) throw data(null, { status: 404 });
  const { items } = await answer(context.api.flags.announcements({ slug }));
  return { homelabs, slug, items };
}

export default function WhatsNew() {
  const { homelabs, slug, items } = useLoaderData<typeof loader>();
  const name = homelabs.find((homelab) => homelab.slug === slug)?.name ?? slug;
  const back = `/homelab?tenant=${slug}`;
  return (
    <div className={classes.page}>
      <PageHeader
        title="What is new"
        description={`What has come to ${name} lately.`}
        above={
          <Anchor component={PortalLink} href={back} size="sm">
            Back to the homelab
          </Anchor>
        }
        actions={<HomelabChoice page="/whats-new" homelabs={homelabs} current={slug} />}
      />
      {items.length === 0 ? (
        <Paper withBorder>
          <EmptyState
            icon={IconSparkles}
            title="Nothing new yet"
            action={
              <Button component={PortalLink} href={back} variant="light" mt="xs">
                Back to the homelab
              </Button>
            }
          >
            When something new is switched on for this homelab, it is explained here in a few words.
          </EmptyState>
        </Paper>
      ) : (
        <AnnouncementList items={items} current={slug} />
      )}
    </div>
  );
}
