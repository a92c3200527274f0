import { data, type MetaFunction } from "@remix-run/node";
import { RouteError } from "../../frame/route-error.tsx";

export const meta: MetaFunction = () => [{ title: "Nothing here · kombify Admin" }];

/** Every address that no page has. */
export function loader() {
  throw data(null, { status: 404 });
}

export default function NotFound() {
  return null;
}

export { RouteError as ErrorBoundary };
