/** What a page says when somebody comes back from an identity provider and could not be signed in. */

type Sentence = (provider: string) => string;

/** By the word in the address. The server has the same words; nothing that a provider wrote is ever shown. */
const SENTENCES: Record<string, Sentence> = {
  cancelled: (name) => `You did not sign in at ${name}. Try again, or use your password.`,
  "provider-away": (name) => `${name} does not answer at the moment. Try again in a minute.`,
  "provider-refused": (name) => `${name} refused. Try again; if it stays, ask whoever runs it.`,
  misconfigured: (name) => `${name} does not know this portal. We have been told; use your password until then.`,
  "not-trusted": (name) => `The answer of ${name} could not be verified, so nobody was signed in. Try again.`,
  expired: () => "This sign-in took too long or was begun in another browser. Start again.",
  "address-taken": (name) =>
    `There is an account with your e-mail address. Sign in with its password, then connect ${name} under Settings, Connected accounts.`,
  "no-role": (name) =>
    `${name} gives you no role in the homelab of your organisation. Ask its owner for one, then sign in again.`,
  "members-full": () =>
    "The homelab of your organisation has as many members as its plan allows. Ask its owner to make room.",
  "organisation-taken": () => "Your organisation's id belongs to a homelab of another origin here. Write to support.",
  "linked-elsewhere": (name) =>
    `This account of ${name} opens another kombify account. Sign in with it, and disconnect it there first.`,
  "already-connected": (name) => `Another account of ${name} is connected already. Disconnect it first.`,
  "signed-out": () => "Your session ended meanwhile. Sign in, then connect the account again.",
  "unknown-provider": () => "There is no such identity provider here. Choose one below.",
  "too-often": () => "Too many attempts from your address. Wait a minute and try again.",
};

/** The sentence for a word of an address; null without one. Unknown words say no more than that it failed. */
export function providerProblem(
  query: URLSearchParams,
  providers: readonly { id: string; name: string }[],
): string | null {
  const word = query.get("problem");
  if (word === null) return null;
  const name = providers.find(({ id }) => id === query.get("provider"))?.name ?? "your identity provider";
  const sentence = Object.hasOwn(SENTENCES, word) ? SENTENCES[word] : undefined;
  const said = sentence?.(name);
  if (said) return `${said[0]?.toUpperCase()}${said.slice(1)}`;
  return "You could not be signed in. Try again.";
}
