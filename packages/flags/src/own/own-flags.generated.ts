/** Made from own-flags.json by `pnpm flags:generate`. Change that, not this. */

/** Values of our own flags. */
export interface OwnFlags {
  /** The card "First steps" on the homelab's page. Rolled out to a share of homelabs. */
  firstSteps: boolean;
  /** Whether homelabs can be launched from the portal. Kill it when launching does harm; homelabs themselves run on. */
  homelabLaunch: boolean;
  /** The page "What is new", and the way to it. Without it, the page does not exist. */
  whatsNew: boolean;
}

/** What each is called in the flags' editor. */
export const OWN_FLAG_KEYS = {
  firstSteps: "first-steps",
  homelabLaunch: "homelab-launch",
  whatsNew: "whats-new",
} as const satisfies Record<keyof OwnFlags, string>;

/** What counts while flags cannot be read: the manifest's default variants. */
export const OWN_FLAG_DEFAULTS: OwnFlags = {
  firstSteps: false,
  homelabLaunch: true,
  whatsNew: false,
};
