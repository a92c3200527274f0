import { useLocation } from "@remix-run/react";
import { useState } from "react";

/**
 * What the page's action answered last. Loading a page's data anew, as live pages do, makes the router forget it; this
 * keeps it until the next answer or until another address is opened.
 */
export function useLastAnswer<T>(answer: T | undefined): T | undefined {
  const { key } = useLocation();
  const [kept, keep] = useState({ key, answer });
  // An answer comes before the address that its form was sent to, so the key may follow it.
  const isNew = kept.key !== key || (answer !== undefined && kept.answer !== answer);
  if (isNew) keep({ key, answer });
  return isNew ? answer : kept.answer;
}
