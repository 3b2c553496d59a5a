import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** V8's own collector, as `--expose-gc` shows it; by a flag that is set here, so that no command has to give it. */
export const collectGarbage = runInNewContext('gc') as NodeJS.GCFunction
