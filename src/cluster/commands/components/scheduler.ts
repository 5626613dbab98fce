import { createClient } from "../../../client/create-client.ts"
import { createEventRecorder } from "../../../client/create-event-recorder.ts"
import { createInformers } from "../../../client/informers.ts"
import { runAsLeader } from "../../../client/leader-election.ts"
import { createScheduler } from "../../../scheduler/scheduler.ts"
import { type ConnectedParts, runConnected } from "./connect.ts"

export function scheduler(argv: readonly string[]): Promise<number> {
  return runConnected("scheduler", argv, {}, run)
}

async function run({ transport, identity, ...parts }: ConnectedParts): Promise<void> {
  const client = createClient(transport, { userAgent: "kube-scheduler" })
  const events = createEventRecorder({ ...parts, client, component: "default-scheduler" })
  const lead = async (signal: AbortSignal) => {
    const informers = createInformers({ ...parts, client })
    const running = createScheduler({ ...parts, client, informers, events })
    informers.start(signal)
    await running.run(signal)
  }
  if (identity === undefined) return lead(parts.signal)
  await runAsLeader(
    { ...parts, client, events, identity, lease: { namespace: "kube-system", name: "kube-scheduler" } },
    lead,
  )
}
