#!/usr/bin/env node
import { setMaxListeners } from "node:events"
import { commands } from "./cluster/commands/commands.ts"
import { runCommand } from "./cluster/commands/run-command.ts"

// One signal ends a whole cluster: many listeners are the design, not a leak.
setMaxListeners(0)

// Whatever a command has left open must not keep it from ending.
process.exit(await runCommand(process.argv.slice(2), commands))
