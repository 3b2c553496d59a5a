import { spawnConnector } from '../support/connectors.ts'
import type { Stage } from '../support/stage.ts'
import type { Actor } from './actors.ts'
import type { Histories } from './history.ts'
import type { Outages } from './outages.ts'
import type { Proxy } from './proxy.ts'
import type { Random } from './random.ts'
import type { SmallDisk } from './small-disk.ts'
import type { Mood, Subscriber } from './subscriber.ts'
import type { Timeline } from './timeline.ts'
import type { WrongClock } from './wrong-clock.ts'

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

export interface Scene {
  /** Only harms whose name holds this. */
  only: string | undefined
  stage: Stage
  actors: Actor[]
  random: Random
  proxy: Proxy
  disk: SmallDisk | undefined
  subscriber: Subscriber
  clock: WrongClock
  /** So many messages are sent next without a pause. */
  burst: { left: number }
  histories: Histories
  timeline: Timeline
  /** Filled in by the harms. */
  outages: Outages
}

function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, signal)
  } catch {
    // It has just ended by itself: as broken as one could wish.
  }
}

function killAll({ stage, outages }: Scene): void {
  const { worker, connectors } = stage.installation.pids()
  outages.killed()
  for (const pid of [worker, ...connectors]) kill(pid, 'SIGKILL')
}

/** Runs a session in a process that nobody asked to, and ends that without a word. */
async function claim({ stage, proxy, random }: Scene): Promise<void> {
  const objects = [...proxy.sessionObjects]
  if (objects.length === 0) return
  const ms = Math.round(random.between(1000, 8000))
  const child = spawnConnector(stage, 'claimer', ['test/chaos/claim.ts', random.pick(objects), String(ms)])
  const killer = setTimeout(() => child.kill('SIGKILL'), ms + 10_000)
  await new Promise((resolve) => child.once('exit', resolve))
  clearTimeout(killer)
}

async function putOut({ subscriber, random }: Scene, mood: Mood, mostMs: number): Promise<void> {
  subscriber.mood = mood
  await pause(random.between(500, mostMs))
  subscriber.mood = 'well'
}

/** What goes wrong, by name. Each resolves when the harm is done; healing is ChatLink's own business. */
export const harms: Record<string, (scene: Scene) => Promise<void>> = {
  'kill -9 of a connector': async ({ stage, random }) => {
    kill(random.pick(stage.installation.pids().connectors), 'SIGKILL')
  },
  'kill -9 of the Worker': async ({ stage, outages }) => {
    outages.killed()
    kill(stage.installation.pids().worker, 'SIGKILL')
  },
  'kill -9 of everything': async (scene) => killAll(scene),
  'a long backlog': async (scene) => {
    const { worker, connectors } = scene.stage.installation.pids()
    const freeze = scene.outages.frozen()
    for (const pid of [worker, ...connectors]) kill(pid, 'SIGSTOP')
    scene.burst.left += 300
    while (scene.burst.left > 0) await pause(50)
    await pause(scene.random.between(0, 10_000))
    freeze.until = Date.now()
    killAll(scene)
  },
  'a connector told to stop': async ({ stage, random }) => {
    kill(random.pick(stage.installation.pids().connectors), 'SIGTERM')
  },
  'a second connector for the same session': claim,
  'history shared': async ({ histories, actors, random }) => histories.share(random.pick(actors)),
  'a frozen connector': async ({ stage, random }) => {
    const pid = random.pick(stage.installation.pids().connectors)
    kill(pid, 'SIGSTOP')
    await pause(random.between(1000, 16_000))
    kill(pid, 'SIGCONT')
  },
  'a frozen Worker': async ({ stage, random, outages }) => {
    const { worker } = stage.installation.pids()
    const freeze = outages.frozen()
    kill(worker, 'SIGSTOP')
    await pause(random.between(500, 5000))
    kill(worker, 'SIGCONT')
    freeze.until = Date.now()
  },
  'a dropped WhatsApp connection': async ({ actors, random }) => random.pick(actors).phone.dropConnection(),
  'all WhatsApp connections dropped': async ({ actors }) => {
    for (const { phone } of actors) phone.dropConnection()
  },
  'a cut link': async ({ proxy, random }) => {
    proxy.cut()
    await pause(random.between(100, 12_000))
    proxy.mend()
  },
  'a bad frame in the stream': async ({ proxy }) => proxy.garble(),
  'a full disk': async ({ disk, random, outages }) => {
    const outage = outages.begin()
    disk?.fill()
    await pause(random.between(500, 5000))
    disk?.free()
    // What could not be written has ended the objects: they begin anew a little later.
    outage.until = Date.now() + 2000
  },
  'a slow link': async ({ proxy, random }) => {
    proxy.delayMs = random.between(20, 400)
    await pause(random.between(1000, 6000))
    proxy.delayMs = 0
  },
  'a subscriber that is down': (scene) => putOut(scene, 'down', 4000),
  'a subscriber that takes and does not answer': (scene) => putOut(scene, 'forgetful', 3000),
  'a subscriber that answers late': (scene) => putOut(scene, 'slow', 8000),
  'kill -9 of the Worker in a hand-over': async ({ stage, random, outages }) => {
    kill(random.pick(stage.installation.pids().connectors), 'SIGTERM')
    await pause(random.between(0, 300))
    outages.killed()
    kill(stage.installation.pids().worker, 'SIGKILL')
  },
  'all streams ended by WhatsApp': async ({ actors, random }) => {
    const code = random.pick(['503', '515'])
    for (const { phone } of actors) phone.companion?.connection?.endWithStreamError(code)
  },
  'a bit flipped in what WhatsApp sends': async ({ actors, random }) => {
    const at = Math.floor(random.between(3, 19))
    random.pick(actors).phone.companion?.connection?.garbleNext(at)
  },
  'a silent WhatsApp': async ({ actors, random }) => {
    const { companion } = random.pick(actors).phone
    const connection = companion?.connection
    connection?.freeze()
    await pause(random.between(1000, 12_000))
    connection?.thaw()
  },
  'a wrong clock at the connectors': async ({ stage, clock, random }) => {
    const most = 3_600_000
    clock.set(random.between(-most, most), stage.installation.pids().connectors)
    await pause(random.between(1000, 8000))
    clock.set(0, stage.installation.pids().connectors)
  },
}
