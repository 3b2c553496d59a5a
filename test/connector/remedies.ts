import { hasRemedies } from '../../connector/baileys.ts'

/** Imported before anything that imports Baileys. */
export const installed = hasRemedies()
