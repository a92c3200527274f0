import type { TenantDetailView } from "@kombify/api/schemas";
import { RelativeTime } from "@kombify/ui";
import { Anchor } from "@mantine/core";
import type { ReactNode } from "react";
import { homelabAddress } from "../../homelab/address.ts";
import classes from "./homelab.module.css";

const PLANS = { free: "Free", pro: "Pro", business: "Business" } as const;
const ROLES = { owner: "Owner", admin: "Admin", member: "Member", viewer: "Viewer" } as Record<string, string>;

/** What there is to know of a homelab. */
export function HomelabFacts({ homelab, cloudUrl }: { homelab: TenantDetailView; cloudUrl: string }) {
  const { instance, desiredRevision, appliedRevision } = homelab;
  return (
    <dl className={classes.facts}>
      <Fact name="Address">
        <Anchor href={`/h/${homelab.slug}`}>{homelabAddress(cloudUrl, homelab.slug)}</Anchor>
      </Fact>
      <Fact name="Plan">{PLANS[homelab.plan]}</Fact>
      <Fact name="Host">
        {instance ? (
          <>
            {instance.name}
            {instance.lastSeenAt ? (
              <>
                , heard from <RelativeTime at={instance.lastSeenAt} />
              </>
            ) : null}
          </>
        ) : (
          "None yet"
        )}
      </Fact>
      <Fact name="Latest changes">
        {instance === null ? "None yet" : appliedRevision >= desiredRevision ? "In effect" : "On their way to the host"}
      </Fact>
      <Fact name="Your role">{ROLES[homelab.role] ?? homelab.role}</Fact>
      <Fact name="Created">
        <RelativeTime at={homelab.createdAt} />
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
