import type { Caller } from "@kombify/api";
import type { FirstStepsView, SecondFactorView } from "@kombify/api/schemas";

export type FirstStep = { key: string; text: string; href: string | null; isDone: boolean };

type Facts = { slug: string; role: string; done: FirstStepsView; secondFactor: SecondFactorView };

/** What this person can do next, in the order in which it pays. */
export function firstStepsOf({ slug, role, done, secondFactor }: Facts): FirstStep[] {
  const mayInvite = role === "owner" || role === "admin";
  return [
    // The button for it is on this page.
    { key: "launch", text: "Launch your homelab", href: null, isDone: done.isLaunched },
    ...(mayInvite
      ? [
          {
            key: "share",
            text: "Invite somebody to use it with you",
            href: `/team?tenant=${slug}`,
            isDone: done.isShared,
          },
        ]
      : []),
    ...(secondFactor.hasPassword
      ? [
          {
            key: "protect",
            text: "Protect your account with two-step sign-in",
            href: "/settings/security",
            isDone: secondFactor.isOn,
          },
        ]
      : []),
  ];
}

/** Null once there is nothing left to do. */
export async function loadFirstSteps(api: Caller, slug: string, role: string): Promise<FirstStep[] | null> {
  const [done, secondFactor] = await Promise.all([api.tenants.firstSteps({ slug }), api.identity.secondFactor()]);
  const steps = firstStepsOf({ slug, role, done, secondFactor });
  return steps.every(({ isDone }) => isDone) ? null : steps;
}
