import "@kombify/ui/styles.css";
import { useNonce } from "@kombify/portal/nonce";
import { whenSignedIn } from "@kombify/portal/service-error";
import { AppProvider, ColorSchemeScript } from "@kombify/ui";
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Links, Meta, Outlet, Scripts, ScrollRestoration, useRouteLoaderData } from "@remix-run/react";
import { type ReactNode, useState } from "react";
import { PortalLink } from "./frame/portal-link.tsx";
import { RouteError } from "./frame/route-error.tsx";
import { SiteFrame } from "./frame/site-frame.tsx";

export const meta: MetaFunction = () => [
  { title: "kombify" },
  { name: "description", content: "A homelab of your own, ready in seconds and reachable from any browser." },
];

export async function loader({ context }: LoaderFunctionArgs) {
  const me = await whenSignedIn(context.api.identity.me());
  return { me, renderedAt: Date.now(), requestId: context.requestId };
}

export function Layout({ children }: { children: ReactNode }) {
  const nonce = useNonce();
  const data = useRouteLoaderData<typeof loader>("root");
  // Only the first: later navigations change nothing about what was rendered on the server.
  const [renderedAt] = useState(data?.renderedAt);
  return (
    // Without script pages are light; the script in the head sets what was chosen before anything is painted.
    <html lang="en" data-mantine-color-scheme="light" suppressHydrationWarning>
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <Meta />
        <Links />
        <ColorSchemeScript nonce={nonce} />
      </head>
      <body>
        <AppProvider nonce={nonce} link={PortalLink} {...(renderedAt === undefined ? {} : { renderedAt })}>
          <SiteFrame me={data?.me ?? null}>{children}</SiteFrame>
        </AppProvider>
        <ScrollRestoration nonce={nonce} />
        <Scripts nonce={nonce} />
      </body>
    </html>
  );
}

export default function Root() {
  return <Outlet />;
}

export { RouteError as ErrorBoundary };
