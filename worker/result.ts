/** What an object answers when all is well: its data beside the tag. */
export type Success<Data extends object = object> = { ok: true } & Data

/** An expected failure: a code for programs, and a detail that says what to do next. */
export type Failure<Code extends string = string> = { ok: false; code: Code; detail: string }

export type Result<Data extends object = object, Code extends string = string> = Success<Data> | Failure<Code>

/** Makes a success. */
export function succeed<Data extends object>(data: Data): Success<Data> {
  return { ok: true, ...data }
}

/** Makes an expected failure; `detail` is read by people. */
export function fail<Code extends string>(code: Code, detail: string): Failure<Code> {
  return { ok: false, code, detail }
}
