#!/usr/bin/env node
import { commands } from "./cluster/commands/commands.ts"
import { runCommand } from "./cluster/commands/run-command.ts"

process.exitCode = await runCommand(process.argv.slice(2), commands)
