import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

const dayMs = 86_400_000
const everyMs = 6 * 60 * 60 * 1000

/** Sweeps now and every six hours, until the answered function is called. */
export function sweepRegularly(filesDirectory: string, retentionDays: number): () => void {
  sweepFiles(filesDirectory, retentionDays, Date.now())
  const timer = setInterval(() => sweepFiles(filesDirectory, retentionDays, Date.now()), everyMs)
  timer.unref()
  return () => clearInterval(timer)
}

/**
 * Does for the files directory what a lifecycle rule does for R2: deletes media a day after the events that name them are
 * forgotten, and, after a day, content without a card (an upload that broke off). A card goes before its content.
 */
export function sweepFiles(filesDirectory: string, retentionDays: number, now: number): number {
  if (!existsSync(filesDirectory)) return 0
  const maxAgeMs = (retentionDays + 1) * dayMs
  let deleted = 0
  for (const tenant of readdirSync(filesDirectory)) {
    const directory = join(filesDirectory, tenant)
    const names = readdirSync(directory)
    const cards = new Set(names.filter((name) => name.endsWith('.json')))
    const isCard = (name: string) => cards.has(name)
    for (const name of names.toSorted((a, b) => Number(isCard(b)) - Number(isCard(a)))) {
      const ageMs = now - statSync(join(directory, name)).mtimeMs
      const hasCard = isCard(name) || cards.has(`${name.slice(0, name.lastIndexOf('.'))}.json`)
      if (ageMs <= (hasCard ? maxAgeMs : dayMs)) continue
      rmSync(join(directory, name), { force: true })
      deleted += 1
    }
    if (readdirSync(directory).length === 0) rmdirSync(directory)
  }
  return deleted
}
