/** The operator's command line: `npm run kombify -- <noun> <verb>`. */
import { Command } from "commander";
import { addAgent } from "./src/agent.ts";
import { addCertificates } from "./src/certificates.ts";
import { CommandError } from "./src/control-plane.ts";
import { addDoctor } from "./src/doctor/command.ts";
import { addFlags } from "./src/flags.ts";
import { addGateway } from "./src/gateway.ts";
import { addImport } from "./src/imports/command.ts";
import { addInstances } from "./src/instances.ts";
import { addRotate } from "./src/rotate.ts";
import { addTenants } from "./src/tenants.ts";
import { addWebhooks } from "./src/webhooks.ts";

const program = new Command("kombify")
  .description("Operates the kombify of this machine. KOMBIFY_HOME says where it lives (default .kombify).")
  .showHelpAfterError();
addTenants(program);
addInstances(program);
addAgent(program);
addCertificates(program);
addFlags(program);
addGateway(program);
addImport(program);
addRotate(program);
addWebhooks(program);
addDoctor(program);

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof CommandError ? error.message : error);
  process.exitCode = 1;
}
