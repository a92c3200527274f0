import type { FlagView } from "@kombify/api/schemas";
import { useOutletContext } from "@remix-run/react";

/** What the flag's page hands to each of its tabs. */
export type FlagOutlet = { flag: FlagView; mayWrite: boolean };

export const useFlag = () => useOutletContext<FlagOutlet>();
