import { harms, type Scene } from './harms.ts'

type Say = (text: string) => void
const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

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
    scene.timeline.note(name)
    counts[name] = (counts[name] ?? 0) + 1
    await harms[name]!(scene)
    scene.timeline.note(`${name}: that was it`)
  }
  return counts
}
