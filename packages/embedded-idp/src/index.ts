export { demoPeople, describePerson, type ProviderPerson } from "./people.ts";
export { generateProviderSecrets, type ProviderSecrets } from "./secrets.ts";
export {
  type IdentityProvider,
  type IdentityProviderOptions,
  startIdentityProvider,
} from "./start-identity-provider.ts";
export { openBrowser, type TestBrowser } from "./testing.ts";
