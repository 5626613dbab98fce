import { describe, expect, test } from "vitest"
import { SeededRandom } from "../../base/simulated/random.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { type LevelConfiguration, PriorityLevel } from "./priority-level.ts"
import { Ticket } from "./queue.ts"
import { dealHand, hashFlow } from "./shuffle-sharding.ts"
import type { WorkEstimate } from "./work-estimate.ts"

const one: WorkEstimate = { initialSeats: 1, finalSeats: 0, additionalMs: 0 }
const wide = (seats: number): WorkEstimate => ({ ...one, initialSeats: seats })
const queuing = { queues: 8, handSize: 1, queueLengthLimit: 2 }

function levelOf(limit: number, more: Partial<LevelConfiguration> = {}) {
  const clock = new SimulatedClock()
  const configuration = { isExempt: false, nominal: limit, lower: limit, upper: limit, ...more }
  const level = new PriorityLevel("l", configuration, clock)
  level.setLimit(limit)
  const log: string[] = []
  const ticket = (name: string, hash = 0, work = one): Ticket => {
    const made = new Ticket({ schema: "s", distinguisher: "", hash }, work, name)
    made.start = () => void log.push(name)
    return made
  }
  const enter = (name: string, hash = 0, work = one) => {
    const entered = ticket(name, hash, work)
    return { ticket: entered, how: level.enter(entered) }
  }
  return { clock, level, log, enter }
}

describe("a priority level", () => {
  test("runs as many as it has seats, lets a few wait, refuses the rest", () => {
    const { level, log, enter } = levelOf(1, { queuing: { ...queuing, queues: 1 } })
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => enter(name))
    expect([a, b, c, d].map((each) => each!.how)).toEqual(["running", "waiting", "waiting", "queue-full"])
    level.leave(a!.ticket)
    level.leave(b!.ticket)
    expect(log).toEqual(["b", "c"])
    level.leave(c!.ticket)
    expect([level.isIdle, level.seatsInUse]).toEqual([true, 0])
  })

  test("serves flows in turn, however many requests one of them has", () => {
    const { level, log, enter } = levelOf(1, { queuing: { ...queuing, queueLengthLimit: 9 } })
    const first = enter("first")
    const tickets = new Map<string, Ticket>()
    for (let index = 0; index < 5; index++) tickets.set(`greedy${index}`, enter(`greedy${index}`).ticket)
    tickets.set("modest", enter("modest", 1).ticket)
    level.leave(first.ticket)
    for (let index = 0; index < 2; index++) level.leave(tickets.get(log.at(-1)!)!)
    expect(log).toContain("modest")
  })

  test("a wide request waits until enough seats are free, and nobody overtakes it for ever", async () => {
    const { clock, level, log, enter } = levelOf(4, { queuing })
    const running = Array.from({ length: 3 }, (_, index) => enter(`small${index}`, index).ticket)
    expect(enter("wide", 3, wide(3)).how).toBe("waiting")
    const came = new Map<string, Ticket>()
    let rounds = 0
    for (; rounds < 50 && !log.includes("wide"); rounds++) {
      await clock.advance(3)
      const next = enter(`late${rounds}`, 4 + (rounds % 4))
      if (next.how === "running") running.push(next.ticket)
      else came.set(`late${rounds}`, next.ticket)
      const [oldest] = running.splice(0, 1)
      const before = log.length
      if (oldest) level.leave(oldest)
      for (const name of log.slice(before)) if (came.has(name)) running.push(came.get(name)!)
    }
    expect(rounds).toBeLessThan(20)
  })

  test("who lacks seats is counted by schema", () => {
    const { level, enter } = levelOf(3, { queuing })
    const tickets = ["a", "b", "c"].map((name) => enter(name).ticket)
    expect(enter("wide", 0, wide(3)).how).toBe("waiting")
    level.leave(tickets[0]!)
    level.leave(tickets[1]!)
    expect([...level.counts.noAccommodation]).toEqual([["s", 2]])
    level.leave(tickets[2]!)
    expect([...level.counts.noAccommodation]).toEqual([["s", 2]])
  })

  test("who wants more seats than there are runs alone", () => {
    const { level, log, enter } = levelOf(2, { queuing })
    const first = enter("first")
    expect(enter("huge", 1, wide(5)).how).toBe("waiting")
    level.leave(first.ticket)
    expect(log).toEqual(["huge"])
    expect(enter("next", 2).how).toBe("waiting")
  })

  test("a write keeps seats for its watchers after its answer", async () => {
    const { clock, level, log, enter } = levelOf(3, { queuing })
    const write = enter("write", 0, { initialSeats: 1, finalSeats: 3, additionalMs: 20 })
    expect(enter("next", 1).how).toBe("waiting")
    level.leave(write.ticket)
    expect([level.running.size, level.seatsInUse, log]).toEqual([0, 3, []])
    await clock.advance(20)
    expect(log).toEqual(["next"])
  })

  test("without queues who does not run is refused; an exempt level refuses nobody", () => {
    const reject = levelOf(1)
    expect([reject.enter("a").how, reject.enter("b").how]).toEqual(["running", "concurrency-limit"])
    const exempt = levelOf(0, { isExempt: true })
    expect(Array.from({ length: 9 }, (_, index) => exempt.enter(`${index}`).how)).not.toContain("waiting")
    expect(exempt.level.seatsInUse).toBe(9)
  })

  test("who goes away while waiting is passed over", () => {
    const { level, log, enter } = levelOf(1, { queuing })
    const first = enter("first")
    const impatient = enter("impatient")
    enter("patient")
    level.abandon(impatient.ticket)
    level.leave(first.ticket)
    expect(log).toEqual(["patient"])
    expect(level.counts).toMatchObject({ dispatched: 2, rejected: 1, cancelled: 1 })
  })

  test("fewer queues: what waits in those that are too many is served before they go", () => {
    const { level, log, enter } = levelOf(1, { queuing })
    const first = enter("first")
    enter("last queue", 7)
    level.configure({ ...level.configuration, queuing: { ...queuing, queues: 2 } })
    expect(level.queues.length).toBe(8)
    level.leave(first.ticket)
    expect(log).toEqual(["last queue"])
    level.leave([...level.running][0]!)
    expect(level.queues.length).toBe(2)
  })
})

/**
 * The model is a bag of requests: it knows nothing of queues, only what must hold at every moment and in the end. Requests of
 * random width come, end and give up at random times.
 */
test.each(Array.from({ length: 30 }, (_, seed) => seed))(
  "random requests are served, seed %i",
  async (seed) => {
    const random = new SeededRandom(String(seed))
    const below = (limit: number) => Math.floor(random.next() * limit)
    const limit = 1 + below(8)
    const { clock, level } = levelOf(limit, {
      queuing: { queues: 1 + below(8), handSize: 1, queueLengthLimit: 1 + below(6) },
    })
    const waiting = new Set<Ticket>()
    const running = new Set<Ticket>()
    const outcomes = { running: 0, waiting: 0, "queue-full": 0, "concurrency-limit": 0 }
    let lingering = 0
    const check = () => {
      const seats = [...running].reduce((sum, { seats: each }) => sum + each, 0) + lingering
      expect(level.seatsInUse).toBe(seats)
      expect([...level.running].every((ticket) => running.has(ticket))).toBe(true)
      expect(level.waiting).toBe(waiting.size)
      // Too wide for the level: alone among those that run.
      if (seats - lingering > limit) expect([...running].some((each) => each.seats > limit)).toBe(true)
      if (seats === 0) expect(waiting.size).toBe(0)
    }
    const leave = (ticket: Ticket) => {
      running.delete(ticket)
      if (ticket.work.additionalMs > 0) {
        lingering += ticket.seats
        clock.after(ticket.work.additionalMs, () => (lingering -= ticket.seats))
      }
      level.leave(ticket)
    }
    for (let step = 0; step < 400; step++) {
      const action = random.next()
      if (action < 0.55) {
        const work = { initialSeats: 1 + below(4), finalSeats: below(5), additionalMs: below(3) * 4 }
        const ticket = new Ticket({ schema: "s", distinguisher: "", hash: below(1000) }, work)
        ticket.start = () => {
          waiting.delete(ticket)
          running.add(ticket)
        }
        const how = level.enter(ticket)
        outcomes[how]++
        if (how === "running") running.add(ticket)
        if (how === "waiting") waiting.add(ticket)
      } else if (action < 0.9 && running.size > 0) leave([...running][below(running.size)]!)
      else if (action < 0.95 && waiting.size > 0) {
        const ticket = [...waiting][below(waiting.size)]!
        waiting.delete(ticket)
        level.abandon(ticket)
      } else await clock.advance(below(10))
      check()
    }
    expect(outcomes.waiting).toBeGreaterThan(0)
    for (let round = 0; round < 1000 && !level.isIdle; round++) {
      for (const ticket of running) leave(ticket)
      await clock.advance(20)
    }
    await clock.advance(20)
    expect([level.isIdle, level.waiting, level.seatsInUse]).toEqual([true, 0, 0])
  },
)

test("two flows that never stop get the same, whatever the width of their requests", async () => {
  const { clock, level } = levelOf(4, { queuing: { queues: 2, handSize: 1, queueLengthLimit: 100 } })
  const served = [0, 0]
  const running: Ticket[] = []
  const add = (flow: number) => {
    const ticket = new Ticket({ schema: "s", distinguisher: "", hash: flow }, wide(flow === 0 ? 4 : 1))
    ticket.start = () => {
      served[flow]! += ticket.seats
      running.push(ticket)
    }
    if (level.enter(ticket) === "running") ticket.start()
  }
  for (let index = 0; index < 100; index++) for (const flow of [0, 1]) add(flow)
  for (let step = 0; step < 60; step++) {
    await clock.advance(3)
    for (const ticket of running.splice(0)) level.leave(ticket)
  }
  expect(served[0]! / served[1]!).toBeGreaterThan(0.6)
  expect(served[0]! / served[1]!).toBeLessThan(1.7)
})

describe("hands", () => {
  test("have different cards, the same for the same flow", () => {
    for (let index = 0; index < 500; index++) {
      const hash = hashFlow("schema", `user-${index}`)
      const hand = dealHand(hash, 64, 6)
      expect(new Set(hand).size).toBe(6)
      expect(Math.max(...hand)).toBeLessThan(64)
      expect(dealHand(hash, 64, 6)).toEqual(hand)
    }
  })

  test("are spread evenly, and hardly anybody has all of another's queues", () => {
    const uses = Array.from({ length: 64 }, () => 0)
    const flows = 4000
    const hands = Array.from({ length: flows }, (_, index) =>
      dealHand(hashFlow("schema", `user-${index}`), 64, 6),
    )
    for (const card of hands.flat()) uses[card]!++
    const expected = (flows * 6) / 64
    expect(Math.min(...uses)).toBeGreaterThan(expected * 0.8)
    expect(Math.max(...uses)).toBeLessThan(expected * 1.2)
    const first = new Set(hands[0])
    expect(hands.slice(1).filter((hand) => hand.every((card) => first.has(card))).length).toBe(0)
  })
})
