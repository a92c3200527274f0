import manifest from "../package.json" with { type: "json" };

/** Version of the agent, for health answers and reports. */
export const AGENT_VERSION: string = manifest.version;
