import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { StartProblem } from './start-problem.ts'

/** Reads what was given behind `npm run … --`; what is not among the options is one line for the person, not a stack. */
export function readOptions<Options extends ParseArgsOptionsConfig>(options: Options) {
  try {
    return parseArgs({ options, allowPositionals: false }).values
  } catch (error) {
    const [what] = (error as Error).message.split(/[.\n]/)
    const names = Object.keys(options).map((name) => `--${name}`)
    const advice = names.length > 0 ? `It takes ${names.join(', ')}.` : 'It takes no arguments.'
    throw new StartProblem(`${what}. ${advice}`)
  }
}
