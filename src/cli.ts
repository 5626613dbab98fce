#!/usr/bin/env node
import { setMaxListeners } from "node:events"
import { commands } from "./cluster/commands/commands.ts"
import { runCommand } from "./cluster/commands/run-command.ts"

// One signal ends a whole cluster: many listeners are the design, not a leak.
setMaxListeners(0)

process.exitCode = await runCommand(process.argv.slice(2), commands)
