/**
 * OpenFeature's own clients against whatever serves remote evaluation: the web SDK with the official provider, and the
 * official API client. They are other people's code, over real HTTP; nothing of ours is between.
 */
import { OFREPApi, OFREPApiUnauthorizedError } from "@openfeature/ofrep-core";
import { OFREPWebProvider, type OFREPWebProviderOptions } from "@openfeature/ofrep-web-provider";
import { type Client, type EventDetails, OpenFeature, ProviderEvents, ProviderStatus } from "@openfeature/web-sdk";
import { EventSource as HeaderEventSource } from "eventsource";
import { describe, expect, it, onTestFinished, vi } from "vitest";

export interface OfrepTarget {
  url: string;
  /** Of somebody who may ask. */
  headers: Record<string, string>;
  /** Of a token that is not good. */
  badHeaders: Record<string, string>;
  /** Makes the boolean flag `toggle` what is said, wherever flags are made; need not wait until it arrives. */
  setToggle(isOn: boolean): Promise<void>;
}

/** What {@link describeOfrepClients} expects to be there, as an entry each of a flagd file. */
export const CLIENT_FLAGS = {
  toggle: { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" },
  colour: { state: "ENABLED", variants: { red: "red", blue: "blue" }, defaultVariant: "blue" },
  disks: {
    state: "ENABLED",
    variants: { few: 1, many: 8 },
    defaultVariant: "few",
    targeting: { if: [{ "==": [{ var: "team" }, "storage"] }, "many"] },
  },
  layout: { state: "ENABLED", variants: { wide: { columns: 3 } }, defaultVariant: "wide" },
  asleep: { state: "DISABLED", variants: { on: true, off: false }, defaultVariant: "on" },
} as const;

const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 20 });

export interface OpenedClient {
  client: Client;
  /** Statuses of the answers to bulk evaluations, in order. */
  statuses: number[];
  /** Events by name, in order. */
  events: { name: string; details: EventDetails | undefined }[];
  named(name: ProviderEvents): EventDetails[];
}

let domains = 0;

/** A client with a provider of its own, closed at the end of the test. @throws what the provider's start throws. */
export async function openClient(
  { url, headers }: Pick<OfrepTarget, "url" | "headers">,
  options: Partial<OFREPWebProviderOptions> = {},
): Promise<OpenedClient> {
  const domain = `client-${++domains}`;
  const statuses: number[] = [];
  const events: OpenedClient["events"] = [];
  // Looks on; everything passes as it is.
  const fetchImplementation: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    statuses.push(answer.status);
    return answer;
  };
  const provider = new OFREPWebProvider({
    baseUrl: url,
    cacheMode: "disabled",
    headers: Object.entries(headers),
    fetchImplementation,
    ...options,
  });
  const client = OpenFeature.getClient(domain);
  for (const name of Object.values(ProviderEvents))
    client.addHandler(name as ProviderEvents, (details) => void events.push({ name, details }));
  onTestFinished(async () => provider.onClose?.());
  await OpenFeature.setProviderAndWait(domain, provider, { targetingKey: "somebody", team: "storage" });
  return {
    client,
    statuses,
    events,
    named: (name) => events.flatMap((event) => (event.name === name ? (event.details ?? []) : [])),
  };
}

/** The browser's EventSource has no headers of its own; this one, by the same standard, lets one put them. */
export function withEventSource(headers: Record<string, string>): void {
  vi.stubGlobal(
    "EventSource",
    class extends HeaderEventSource {
      constructor(url: string | URL) {
        super(url, { fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } }) });
      }
    },
  );
  onTestFinished(() => void vi.unstubAllGlobals());
}

/** What the official clients have to get from every server of ours. @param open called in each test. */
export function describeOfrepClients(name: string, target: () => OfrepTarget): void {
  describe(`OpenFeature's web SDK against ${name}`, () => {
    it("gets values of every type for its context, and its own default of a disabled flag", async () => {
      const { client } = await openClient(target());
      expect(client.getBooleanDetails("toggle", true)).toMatchObject({ value: false, variant: "off" });
      expect(client.getStringValue("colour", "none")).toBe("blue");
      expect(client.getNumberDetails("disks", 0)).toMatchObject({
        value: 8,
        variant: "many",
        reason: "TARGETING_MATCH",
      });
      expect(client.getObjectValue("layout", {})).toEqual({ columns: 3 });
      expect(client.getBooleanValue("asleep", false)).toBe(false);
      expect(client.getBooleanDetails("unheard-of", true)).toMatchObject({ value: true, errorCode: "FLAG_NOT_FOUND" });
    });

    it("polls for nothing while nothing changes: 304, and no event", async () => {
      const opened = await openClient(target(), { changeDetection: "polling", pollInterval: 40 });
      await until(() => expect(opened.statuses.length).toBeGreaterThan(3));
      expect(opened.statuses.slice(0, 4)).toEqual([200, 304, 304, 304]);
      expect(opened.named(ProviderEvents.ConfigurationChanged)).toEqual([]);
    });

    it.each(["polling", "sse"] as const)("is told of a changed flag by %s, and has its new value", async (by) => {
      withEventSource(target().headers);
      const opened = await openClient(target(), {
        changeDetection: by,
        pollInterval: by === "polling" ? 40 : 0,
      });
      expect(opened.client.getBooleanValue("toggle", true)).toBe(false);
      try {
        await target().setToggle(true);
        await until(() => expect(opened.client.getBooleanValue("toggle", false)).toBe(true));
        const [changed] = opened.named(ProviderEvents.ConfigurationChanged);
        expect(changed?.flagsChanged).toContain("toggle");
      } finally {
        await target().setToggle(false);
      }
      await until(() => expect(opened.client.getBooleanValue("toggle", true)).toBe(false));
    });

    it("is not let in with a token that is not good: 401, for good", async () => {
      const { url, badHeaders } = target();
      await expect(openClient({ url, headers: badHeaders })).rejects.toMatchObject({ code: "PROVIDER_FATAL" });
      expect(OpenFeature.getClient(`client-${domains}`).providerStatus).toBe(ProviderStatus.FATAL);
      const api = new OFREPApi({ baseUrl: url, headers: Object.entries(badHeaders) });
      await expect(api.postEvaluateFlag("toggle", { context: {} })).rejects.toBeInstanceOf(OFREPApiUnauthorizedError);
      api.close();
    });

    it("the API client reads one flag, a flag that is not there, and a context that cannot be used", async () => {
      const { url, headers } = target();
      const api = new OFREPApi({ baseUrl: url, headers: Object.entries(headers) });
      const ask = (key: string, context: object) => api.postEvaluateFlag(key, { context: context as never });
      expect(await ask("disks", { team: "storage" })).toMatchObject({
        httpStatus: 200,
        value: { key: "disks", value: 8, variant: "many", reason: "TARGETING_MATCH" },
      });
      expect(await ask("asleep", {})).toMatchObject({ httpStatus: 200, value: { reason: "DISABLED" } });
      expect(await ask("unheard-of", {})).toMatchObject({ httpStatus: 404, value: { errorCode: "FLAG_NOT_FOUND" } });
      expect(await ask("disks", { targetingKey: 7 })).toMatchObject({
        httpStatus: 400,
        value: { errorCode: "INVALID_CONTEXT" },
      });
      api.close();
    });
  });
}
