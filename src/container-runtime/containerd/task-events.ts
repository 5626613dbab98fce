import { bytes, message, repeated, string } from "../../base/protobuf.ts"
import type { RuntimeEvent } from "../cri.ts"
import type { GrpcChannel } from "../../base/real/grpc/grpc-channel.ts"

/**
 * containerd's own event stream, narrowed to what a kubelet wants to hear. CRI's GetContainerEvents would say the same, but
 * only from containerd 1.7 on; this one is there in every version.
 */
export async function* followTaskEvents(
  channel: GrpcChannel,
  signal: AbortSignal,
): AsyncGenerator<RuntimeEvent> {
  const envelopes = channel.serverStream(
    "/containerd.services.events.v1.Events/Subscribe",
    [SubscribeRequest, { filters: [...topics.keys()].map((topic) => `topic=="${topic}",namespace==k8s.io`) }],
    Envelope,
    { signal },
  )
  for await (const { topic, event } of envelopes) {
    const type = topics.get(topic)
    if (!type || !event) continue
    if (type !== "exited") yield { type, id: TaskEvent.decode(event.value).containerId }
    else {
      const { containerId, processId } = TaskExit.decode(event.value)
      // The end of an exec's process is not the container's.
      if (processId === containerId) yield { type, id: containerId }
    }
  }
}

const topics = new Map<string, RuntimeEvent["type"]>([
  ["/tasks/start", "started"],
  ["/tasks/exit", "exited"],
  ["/tasks/oom", "oom"],
  ["/tasks/delete", "deleted"],
])

const SubscribeRequest = message<{ filters: string[] }>({ filters: [1, repeated(string)] })

const Envelope = message<{ topic: string; event?: { value: Uint8Array } }>({
  topic: [3, string],
  event: [4, message<{ value: Uint8Array }>({ value: [2, bytes] })],
})

/** What TaskStart, TaskOOM and TaskDelete begin with. */
const TaskEvent = message<{ containerId: string }>({ containerId: [1, string] })

const TaskExit = message<{ containerId: string; processId: string }>({
  containerId: [1, string],
  processId: [2, string],
})
