import { fail, succeed, type Failure, type Result } from '../result.ts'
import type { Answered, Questions } from './questions.ts'
import type { SessionRecord } from './record.ts'
import type { SessionStore } from './store.ts'

export type Retried = Result<{ lastError: string }, Extract<Answered, { ok: false }>['code'] | 'fileNotFound'>

interface FileRetryParts {
  store: SessionStore
  living: () => SessionRecord | Failure<'sessionNotFound'>
  questions: Questions
}

/** Fetches files whose events went without them, when somebody asks for it. */
export class FileRetry {
  readonly #parts: FileRetryParts

  constructor(parts: FileRetryParts) {
    this.#parts = parts
  }

  async retry(idFile: string): Promise<Retried> {
    const { store, living, questions } = this.#parts
    const record = living()
    if ('ok' in record) return record
    if (store.held.isAwaited(idFile)) return succeed({ lastError: '' })
    const lost = store.lostFiles.find(idFile)
    if (lost === null) {
      const advice = 'Only files are fetched again whose event said unavailable, within the retention.'
      return fail('fileNotFound', `The session knows of no such file. ${advice}`)
    }
    const asked = await questions.ask({ kind: 'fetchFile', idFile, source: lost.source })
    return asked.ok ? succeed({ lastError: lost.error }) : asked
  }
}
