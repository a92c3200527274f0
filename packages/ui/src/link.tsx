/** How shared components make links without knowing the router: the app hands its own link to {@link AppProvider}. */
import { type AnchorHTMLAttributes, type ComponentType, createContext, useContext } from "react";

export type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & { href: string };

/** The app's link component; a plain anchor where none was given. */
export const LinkContext = createContext<ComponentType<LinkProps> | "a">("a");

/** The link component of this app. */
export function useLink(): ComponentType<LinkProps> | "a" {
  return useContext(LinkContext);
}
