/** Cloud and an identity provider that talk to each other over HTTP, for tests; and visitors who go between them. */
import {
  generateProviderSecrets,
  type IdentityProvider,
  openBrowser,
  type ProviderPerson,
  startIdentityProvider,
  type TestBrowser,
} from "@kombify/embedded-idp";
import { listen, problemResponse } from "@kombify/server";
import type { OidcProvider } from "./identity/oidc-providers.ts";
import { createTestPlane, type TestPlane, testInfo } from "./testing.ts";
import { serviceErrorOf } from "./trpc.ts";

export const PROJECT_ID = "the-project";

export interface OidcStage {
  plane: TestPlane;
  idp: IdentityProvider;
  provider: OidcProvider;
  cloudUrl: string;
  visit(): Visitor;
  close(): Promise<void>;
}

export interface Visitor {
  browser: TestBrowser;
  /** From the portal to the provider and back. @returns what the callback answered. */
  signIn(person: ProviderPerson, options?: { next?: string; changeAddress?(address: URL): void }): Promise<Landing>;
  /** As far as the address of the callback, which is not opened. */
  goAndComeBack(as: { person: string } | { cancel: true }, start?: string): Promise<string>;
  open(address: string): Promise<Landing>;
}
export interface Landing {
  answer: Response;
  /** Path and query at the portal. */
  path: string;
  problem: string | null;
}

/** @param options.more providers besides the embedded one, answered by whoever the test puts there. */
export async function createOidcStage(
  people: ProviderPerson[],
  options: { more?: OidcProvider[]; hasOrganisations?: boolean } = {},
): Promise<OidcStage> {
  let plane: TestPlane | undefined;
  const listener = await listen({
    port: 0,
    fetch: async (request) => {
      try {
        return (await plane?.cloud.handle(request, testInfo())) ?? new Response("a page");
      } catch (error) {
        return problemResponse(serviceErrorOf(error), "test");
      }
    },
  });
  const cloudUrl = listener.url;
  const { clientSecret, ...keys } = await generateProviderSecrets();
  const idp = await startIdentityProvider({
    port: 0,
    ...keys,
    projectId: PROJECT_ID,
    people,
    clients: [
      {
        id: "cloud",
        secret: clientSecret,
        redirectUris: [`${cloudUrl}/api/auth/oidc/callback`],
        postLogoutRedirectUris: [`${cloudUrl}/`],
        backchannelLogoutUri: `${cloudUrl}/api/auth/oidc/backchannel-logout`,
      },
    ],
  });
  const provider: OidcProvider = {
    id: "zitadel",
    name: "Zitadel",
    issuer: idp.issuer,
    clientId: "cloud",
    clientSecret,
    audiences: [],
    ...(options.hasOrganisations === false ? {} : { projectId: PROJECT_ID }),
  };
  plane = await createTestPlane({ cloudUrl, oidcProviders: [provider, ...(options.more ?? [])] });

  const visit = (): Visitor => {
    const browser = openBrowser(idp.issuer);
    const land = (answer: Response): Landing => {
      const url = new URL(answer.headers.get("location") ?? "/nowhere", cloudUrl);
      return { answer, path: `${url.pathname}${url.search}`, problem: url.searchParams.get("problem") };
    };
    const open = async (address: string) => land(await browser.send(address));
    const goAndComeBack: Visitor["goAndComeBack"] = async (as, start = "/api/auth/oidc/start?provider=zitadel") => {
      const away = await browser.send(`${cloudUrl}${start}`);
      return browser.signIn(away.headers.get("location") ?? "", as);
    };
    return {
      browser,
      open,
      goAndComeBack,
      async signIn(person, { next, changeAddress } = {}) {
        const query = new URLSearchParams({ provider: "zitadel", ...(next ? { next } : {}) });
        const away = await browser.send(`${cloudUrl}/api/auth/oidc/start?${query}`);
        const address = new URL(away.headers.get("location") ?? "");
        changeAddress?.(address);
        return open(await browser.signIn(address.href, { person: person.subject }));
      },
    };
  };
  return {
    plane,
    idp,
    provider,
    cloudUrl,
    visit,
    close: async () => {
      await idp.close();
      await listener.close();
      await plane?.close();
    },
  };
}
