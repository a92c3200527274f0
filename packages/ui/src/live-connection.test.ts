import { expect, test, vi } from "vitest";
import { keepLive, type LiveObserver } from "./live-connection.ts";
import type { LiveState } from "./live-mark.tsx";

/** A server that the test drives by hand. */
function stage() {
  const connections: (LiveObserver<string> & { isOpen: boolean })[] = [];
  const seen: string[] = [];
  const states: LiveState[] = [];
  let refetched = 0;
  const end = keepLive<string>({
    subscribe: (observer) => {
      const connection = { ...observer, isOpen: true };
      connections.push(connection);
      return {
        unsubscribe: () => {
          connection.isOpen = false;
        },
      };
    },
    onData: (value) => seen.push(value),
    onState: (state) => states.push(state),
    onReconnect: () => {
      refetched += 1;
    },
    isFinal: (error) => error === "signed out",
    delayMs: () => 0,
  });
  return { connections, seen, states, end, refetches: () => refetched };
}

test("the first connection is live and refetches nothing", () => {
  const { connections, states, seen, refetches } = stage();
  connections[0]!.onConnectionStateChange({ state: "connecting" });
  connections[0]!.onConnectionStateChange({ state: "pending" });
  connections[0]!.onData("one");
  expect(states).toEqual(["live"]);
  expect(seen).toEqual(["one"]);
  expect(refetches()).toBe(0);
});

test("a broken stream is said to reconnect, and what was missed is fetched once it is back", () => {
  const { connections, states, refetches } = stage();
  connections[0]!.onConnectionStateChange({ state: "pending" });
  connections[0]!.onConnectionStateChange({ state: "connecting" });
  expect(states.at(-1)).toBe("reconnecting");
  connections[0]!.onConnectionStateChange({ state: "pending" });
  expect(states.at(-1)).toBe("live");
  expect(refetches()).toBe(1);
});

test("a server that answers with errors is tried again until it is back", async () => {
  const { connections, states, refetches } = stage();
  connections[0]!.onConnectionStateChange({ state: "pending" });
  connections[0]!.onError("503");
  await vi.waitFor(() => expect(connections).toHaveLength(2));
  connections[1]!.onError("503");
  await vi.waitFor(() => expect(connections).toHaveLength(3));
  expect(states.at(-1)).toBe("reconnecting");
  connections[2]!.onConnectionStateChange({ state: "pending" });
  expect(states.at(-1)).toBe("live");
  expect(refetches()).toBe(1);
});

test("somebody who was signed out is not tried again", () => {
  const { connections, states } = stage();
  connections[0]!.onError("signed out");
  expect(states).toEqual(["offline"]);
  expect(connections).toHaveLength(1);
});

test("a page that was left hears nothing more", () => {
  const { connections, seen, end } = stage();
  end();
  connections[0]!.onData("late");
  expect(connections[0]!.isOpen).toBe(false);
  expect(seen).toEqual([]);
});
