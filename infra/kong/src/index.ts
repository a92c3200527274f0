export { gatewayFiles } from "./files.ts";
export { type GatewaySettings, type GatewaySettingsInput, readSettings, settingsSchema } from "./settings.ts";
