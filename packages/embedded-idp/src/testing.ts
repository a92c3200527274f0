/** A browser for tests that need no page: keeps cookies by host, follows redirects one at a time. */

export interface TestBrowser {
  cookies: Map<string, string>;
  /** One request with the cookies of this browser; redirects are not followed. */
  send(address: string, form?: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  /**
   * Signs in at the provider, from its authorisation address on.
   * @returns the address at the client to which the provider sends the browser, which is not visited.
   */
  signIn(address: string, as: { person: string } | { cancel: true }): Promise<string>;
}

const MOST_REDIRECTS = 10;

/** @param issuer where to go on following redirects; elsewhere the browser stops. */
export function openBrowser(issuer: string): TestBrowser {
  const cookies = new Map<string, string>();
  const send: TestBrowser["send"] = async (address, form, headers = {}) => {
    const answer = await fetch(address, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "), ...headers },
      ...(form ? { method: "POST", body: new URLSearchParams(form) } : {}),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "" || /max-age=0|expires=thu, 01 jan 1970/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  };
  return {
    cookies,
    send,
    async signIn(address, as) {
      let at = address;
      for (let hop = 0; hop < MOST_REDIRECTS; hop++) {
        const isLogin = new URL(at).pathname.startsWith("/interaction/");
        const answer = !isLogin
          ? await send(at)
          : "cancel" in as
            ? await send(`${at}/cancel`, {})
            : await send(at, { person: as.person });
        const location = answer.headers.get("location");
        if (!location) throw new Error(`${at} answered ${answer.status} without sending the browser anywhere.`);
        at = new URL(location, at).href;
        if (new URL(at).origin !== new URL(issuer).origin) return at;
      }
      throw new Error("The provider sends the browser around in circles.");
    },
  };
}
