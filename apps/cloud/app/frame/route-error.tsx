import type { RefusedPage } from "@kombify/portal/service-error";
import { ErrorState } from "@kombify/ui";
import { Button } from "@mantine/core";
import { isRouteErrorResponse, useLocation, useRouteError, useRouteLoaderData } from "@remix-run/react";
import { PortalLink } from "./portal-link.tsx";

/** The error page of every route: what failed, what still works, the way on, the number to quote. */
export function RouteError() {
  const error = useRouteError();
  const { pathname, search } = useLocation();
  const root = useRouteLoaderData<{ me: unknown; requestId: string }>("root");
  const home = (
    <Button component={PortalLink} href={root?.me ? "/homelab" : "/"} variant="default">
      {root?.me ? "Go to my homelab" : "Go to the start"}
    </Button>
  );
  if (isRouteErrorResponse(error) && error.status === 404) {
    const refused = error.data as Partial<RefusedPage> | null;
    return (
      <ErrorState title="There is nothing here" actions={home}>
        {refused?.message ?? "No page has this address. It may have been mistyped, or the page has moved."}
      </ErrorState>
    );
  }
  const refused = isRouteErrorResponse(error) ? (error.data as Partial<RefusedPage> | null) : null;
  return (
    <ErrorState
      title="This page did not load"
      stillWorks="Your homelab itself goes on running: it does not need this portal."
      requestId={refused?.requestId ?? root?.requestId}
      retryHref={`${pathname}${search}`}
      actions={home}
    >
      {refused?.message ??
        "Something went wrong on our side. Trying again often helps; we have a record of what happened."}
    </ErrorState>
  );
}
