/** What staff do over the API, for journeys that are about something else. */
import type { System } from "./system.ts";
import { until } from "./until.ts";

/** Fields of `GET /api/admin/instances/{id}` that journeys look at. */
export type InstanceView = {
  id: string;
  name: string;
  connection: string;
  engine: string;
  health: string;
  orphans: string[];
  capacity: number;
  placesUsed: number;
  desiredRevision: number;
  appliedRevision: number;
  cordonedAt: string | null;
};

export type StaffApi = {
  instances(): Promise<InstanceView[]>;
  /** @throws Error when there is none of that name. */
  instance(name: string): Promise<InstanceView>;
  cordon(name: string): Promise<void>;
  uncordon(name: string): Promise<void>;
  /** Makes a flag, or changes the version of it that is there. @param definition as the API takes it. */
  saveFlag(key: string, definition: object, version?: number, note?: string, scheduledAt?: Date): Promise<void>;
  saveSegment(key: string, description: string, logic: object): Promise<void>;
  killFlag(key: string, reason: string): Promise<void>;
  tenant(slug: string): Promise<{ slug: string; status: string; instance: { name: string } | null }>;
};

export async function signInStaff({ adminUrl, staff }: System): Promise<StaffApi> {
  const call = async (method: string, path: string, body?: unknown, cookie = ""): Promise<Response> => {
    const response = await fetch(`${adminUrl}${path}`, {
      method,
      headers: { cookie, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  const signedIn = await call("POST", "/api/auth/login", staff);
  const cookie = signedIn.headers
    .getSetCookie()
    .map((each) => each.split(";")[0])
    .join("; ");
  const read = async <T>(path: string): Promise<T> => (await call("GET", path, undefined, cookie)).json() as Promise<T>;
  const instances = async () => (await read<{ items: InstanceView[] }>("/api/admin/instances?limit=200")).items;
  const instance = async (name: string) => {
    const found = (await instances()).find((each) => each.name === name);
    if (!found) throw new Error(`There is no instance ${name}.`);
    return found;
  };
  const change = async (name: string, verb: string) => {
    await call("POST", `/api/admin/instances/${(await instance(name)).id}/${verb}`, {}, cookie);
  };
  return {
    instances,
    instance,
    cordon: (name) => change(name, "cordon"),
    uncordon: (name) => change(name, "uncordon"),
    saveFlag: async (key, definition, version = 0, note = "", scheduledAt) => {
      await call("PUT", `/api/admin/flags/${key}`, { definition, version, note, scheduledAt }, cookie);
    },
    saveSegment: async (key, description, logic) => {
      await call("PUT", `/api/admin/flag-segments/${key}`, { description, logic, version: 0, note: "" }, cookie);
    },
    killFlag: async (key, reason) => {
      await call("POST", `/api/admin/flags/${key}/kill`, { reason }, cookie);
    },
    tenant: async (slug) => {
      const path = `/api/admin/tenants?search=${encodeURIComponent(slug)}`;
      const { items } = await read<{ items: Awaited<ReturnType<StaffApi["tenant"]>>[] }>(path);
      const found = items.find((each) => each.slug === slug);
      if (!found) throw new Error(`There is no tenant ${slug}.`);
      return found;
    },
  };
}

/** Waits until a tenant has a status, and gives it. */
export const untilStatus = (staff: StaffApi, slug: string, status: string) =>
  until(`${slug} is ${status}`, async () => {
    const tenant = await staff.tenant(slug);
    return tenant.status === status ? tenant : null;
  });
