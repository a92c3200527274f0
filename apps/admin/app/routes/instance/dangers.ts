/** What cutting an agent off and removing an instance would do, in figures, and when they cannot be done. */
import type { InstanceView } from "@kombify/api/schemas";

export type Danger = {
  intent: "revoke" | "remove";
  title: string;
  summary: string;
  /** Why it cannot be done now; null when it can. */
  refusal: string | null;
  /** The button: a verb and its object. */
  action: string;
  question: string;
  effects: string[];
  undo: string;
};

type Subject = Pick<InstanceView, "name" | "connection" | "placesUsed" | "capacity">;

const tenants = (count: number): string => `${count.toLocaleString("en")} ${count === 1 ? "tenant" : "tenants"}`;

function revokeRefusal({ connection }: Subject): string | null {
  if (connection === "pending") return "No agent has joined yet, so there is none to cut off.";
  return connection === "revoked" ? "Its agent is cut off already." : null;
}

function removeRefusal({ name, connection, placesUsed }: Subject): string | null {
  if (placesUsed > 0) return `${tenants(placesUsed)} live on ${name}. It can be removed when it is empty.`;
  return connection === "connected" ? "Its agent is connected. Stop it or cut it off first." : null;
}

/** Both, in the order in which they would be done. */
export function dangersOf(instance: Subject): [Danger, Danger] {
  const { name, placesUsed, capacity } = instance;
  return [
    {
      intent: "revoke",
      title: "Cut off the agent",
      summary: "Its certificates stop working at once. The Stack goes on serving what it has.",
      refusal: revokeRefusal(instance),
      action: "Cut off the agent",
      question: `Cut off the agent of ${name}?`,
      effects: [
        "Cuts the agent off: its certificates stop working and its open connections are closed at once.",
        `The Stack goes on serving what it has: ${tenants(placesUsed)} keep working there.`,
        "Nothing new reaches the host, and nobody can launch a homelab there, until an agent joins again.",
      ],
      undo: "To undo it, make a join command and run it on the host.",
    },
    {
      intent: "remove",
      title: "Remove the instance",
      summary: "Takes it out of the registry with its history. The machine itself is left alone.",
      refusal: removeRefusal(instance),
      action: "Remove the instance",
      question: `Remove ${name}?`,
      effects: [
        capacity > 0
          ? `Takes ${name} and its ${capacity.toLocaleString("en")} places out of the fleet.`
          : `Takes ${name} out of the fleet.`,
        "Its events and certificates are deleted; the audit trail stays.",
        "The machine is left alone: nothing on it is deleted.",
      ],
      undo: "It cannot be undone, but the machine can be registered again.",
    },
  ];
}
