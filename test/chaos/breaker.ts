import type { Stage } from '../support/stage.ts'
import type { Actor } from './actors.ts'
import type { Proxy } from './proxy.ts'
import type { Random } from './random.ts'
import type { SmallDisk } from './small-disk.ts'

type Say = (text: string) => void
const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

interface Scene {
  /** Only harms whose name holds this. */
  only: string | undefined
  stage: Stage
  actors: Actor[]
  random: Random
  proxy: Proxy
  disk: SmallDisk | undefined
  receiver: { isDown: boolean }
}

function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, signal)
  } catch {
    // It has just ended by itself: as broken as one could wish.
  }
}

/** What goes wrong, by name. Each resolves when the harm is done; healing is ChatLink's own business. */
const harms: Record<string, (scene: Scene) => Promise<void>> = {
  'kill -9 of a connector': async ({ stage, random }) => {
    kill(random.pick(stage.installation.pids().connectors), 'SIGKILL')
  },
  'kill -9 of the Worker': async ({ stage }) => {
    kill(stage.installation.pids().worker, 'SIGKILL')
  },
  'kill -9 of everything': async ({ stage }) => {
    const { worker, connectors } = stage.installation.pids()
    for (const pid of [worker, ...connectors]) kill(pid, 'SIGKILL')
  },
  'a frozen connector': async ({ stage, random }) => {
    const pid = random.pick(stage.installation.pids().connectors)
    kill(pid, 'SIGSTOP')
    await pause(random.between(1000, 16_000))
    kill(pid, 'SIGCONT')
  },
  'a frozen Worker': async ({ stage, random }) => {
    const { worker } = stage.installation.pids()
    kill(worker, 'SIGSTOP')
    await pause(random.between(500, 5000))
    kill(worker, 'SIGCONT')
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
  'a full disk': async ({ disk, random }) => {
    disk?.fill()
    await pause(random.between(500, 5000))
    disk?.free()
  },
  'a slow link': async ({ proxy, random }) => {
    proxy.delayMs = random.between(20, 400)
    await pause(random.between(1000, 6000))
    proxy.delayMs = 0
  },
  'a subscriber that is down': async ({ receiver, random }) => {
    receiver.isDown = true
    await pause(random.between(500, 4000))
    receiver.isDown = false
  },
}

/** Breaks something at random, again and again, until told to stop. Resolves with how often each was done. */
export async function breakThings(scene: Scene, until: number, say: Say): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  const names = Object.keys(harms)
    .filter((name) => scene.only === undefined || name.includes(scene.only))
    .filter((name) => name !== 'a full disk' || scene.disk !== undefined)
  while (Date.now() < until) {
    await pause(scene.random.between(800, 4000))
    const name = scene.random.pick(names)
    say(name)
    counts[name] = (counts[name] ?? 0) + 1
    await harms[name]!(scene)
  }
  return counts
}
