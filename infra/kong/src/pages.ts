/** The pages of both portals. Their tables load the tool that builds the portals, so they are read when they are needed. */
import type { Pages } from "./render.ts";

export async function readPages(): Promise<Pages> {
  const [cloud, admin] = await Promise.all([
    import("../../../apps/cloud/app/routes.ts"),
    import("../../../apps/admin/app/routes.ts"),
  ]);
  return { cloud: await cloud.default, admin: await admin.default };
}
