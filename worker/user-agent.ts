import manifest from '../package.json' with { type: 'json' }

/** How ChatLink names itself to subscribers. */
export const userAgent = `ChatLink/${manifest.version}`
