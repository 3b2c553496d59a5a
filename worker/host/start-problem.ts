/** Why an installation cannot start: one line for the person at the terminal, saying what to do. */
export class StartProblem extends Error {
  override name = 'StartProblem'
}
