import type { RefusedPage } from "@kombify/portal/service-error";
import { ErrorState } from "@kombify/ui";
import { Button } from "@mantine/core";
import { isRouteErrorResponse, useLocation, useRouteError, useRouteLoaderData } from "@remix-run/react";
import { PortalLink } from "./portal-link.tsx";

/** The error page of every route: what failed, what still works, the way on, the number to quote. */
export function RouteError() {
  const error = useRouteError();
  const { pathname, search } = useLocation();
  const root = useRouteLoaderData<{ requestId: string }>("root");
  const home = (
    <Button component={PortalLink} href="/" variant="default">
      Go to the fleet
    </Button>
  );
  const refused = isRouteErrorResponse(error) ? (error.data as Partial<RefusedPage> | null) : null;
  const status = isRouteErrorResponse(error) ? error.status : 500;
  const requestId = refused?.requestId ?? root?.requestId;
  if (status === 404)
    return (
      <ErrorState title="There is nothing here" requestId={requestId} actions={home}>
        {refused?.message ?? "No page has this address. It may have been mistyped, or what it showed was removed."}
      </ErrorState>
    );
  if (status === 403)
    return (
      <ErrorState title="Your role does not allow this" requestId={requestId} actions={home}>
        {refused?.message ?? "Ask an operator or an owner."}
      </ErrorState>
    );
  if (status === 400)
    return (
      <ErrorState
        title="This address asks for something that is not there"
        requestId={requestId}
        actions={
          <Button component={PortalLink} href={pathname}>
            Start again without filters
          </Button>
        }
      >
        {refused?.message ?? "A part of the address is not one that a page of ours made."}
      </ErrorState>
    );
  return (
    <ErrorState
      title="This page did not load"
      stillWorks="The Stacks go on serving what they have: they do not need the Admin center."
      requestId={requestId}
      retryHref={`${pathname}${search}`}
      actions={home}
    >
      {refused?.message ?? "Something went wrong on our side. Trying again often helps; the log has the reason."}
    </ErrorState>
  );
}
