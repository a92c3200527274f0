import type { LinkProps } from "@kombify/ui";
import { Link } from "@remix-run/react";
import { forwardRef } from "react";

/** A link inside the portal: loads the next page's code and data when it is pointed at, and works without script. */
export const PortalLink = forwardRef<HTMLAnchorElement, LinkProps>(function PortalLink({ href, ...rest }, ref) {
  return <Link ref={ref} to={href} prefetch="intent" {...rest} />;
});
