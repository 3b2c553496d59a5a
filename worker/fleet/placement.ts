/** What placement knows of a connector. `load` counts the sessions that it has been given. */
export interface Candidate {
  idConnector: string
  capacity: number
  load: number
  isDraining: boolean
}

/** The connector with the most room; null when none has any. Equal ones by name, so that the choice is repeatable. */
export function chooseConnector(candidates: Iterable<Candidate>, avoid: string | null = null): string | null {
  let best: Candidate | null = null
  for (const candidate of candidates) {
    const room = candidate.capacity - candidate.load
    if (candidate.isDraining || room <= 0 || candidate.idConnector === avoid) continue
    const bestRoom = best ? best.capacity - best.load : 0
    const isBetter =
      room > bestRoom || (room === bestRoom && best !== null && candidate.idConnector < best.idConnector)
    if (isBetter) best = candidate
  }
  return best?.idConnector ?? null
}

/**
 * The next session to move so that all have as much room: from the connector with the least to the one with the most;
 * null when no move evens anything out. Repeated, it ends after the fewest moves, and what was placed by
 * `chooseConnector` is even already.
 */
export function chooseMove(candidates: Iterable<Candidate>): { from: string; to: string } | null {
  const all = [...candidates].filter(({ isDraining }) => !isDraining)
  const to = chooseConnector(all)
  const target = all.find(({ idConnector }) => idConnector === to)
  if (!target) return null
  const roomOf = ({ capacity, load }: Candidate) => capacity - load
  let fullest: Candidate | null = null
  for (const candidate of all) {
    if (candidate.load > 0 && (fullest === null || roomOf(candidate) < roomOf(fullest))) fullest = candidate
  }
  if (fullest === null || roomOf(target) - roomOf(fullest) < 2) return null
  return { from: fullest.idConnector, to: target.idConnector }
}

export interface Reconciliation {
  /** Sessions that it is to begin: they are its own, and it does not run them. */
  run: string[]
  /** Sessions that it is to give up: another runs them, or nobody wants them any more. */
  release: string[]
  /** Sessions that become its own: it runs them, and whoever had them is not there. */
  adopt: string[]
}

/**
 * What to tell a connector that has just said what it runs. Sessions stay where they run whenever that is possible: a
 * move costs a connection to WhatsApp.
 */
export function reconcileConnector(
  idConnector: string,
  running: readonly string[],
  assignments: ReadonlyMap<string, { idConnector: string | null }>,
  isOnline: (idConnector: string) => boolean,
): Reconciliation {
  const result: Reconciliation = { run: [], release: [], adopt: [] }
  const runs = new Set(running)
  for (const idObject of runs) {
    const assignment = assignments.get(idObject)
    if (!assignment) result.release.push(idObject)
    else if (assignment.idConnector === idConnector) continue
    else if (assignment.idConnector !== null && isOnline(assignment.idConnector))
      result.release.push(idObject)
    else result.adopt.push(idObject)
  }
  for (const [idObject, assignment] of assignments) {
    if (assignment.idConnector === idConnector && !runs.has(idObject)) result.run.push(idObject)
  }
  return result
}
