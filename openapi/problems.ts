/**
 * Every problem that the API can answer: code → status and title. Objects name the code in their results; nothing else
 * decides a status.
 */
export const problemTable = {
  malformedJson: [400, 'Malformed JSON'],
  badRequest: [400, 'Bad request'],
  unauthorized: [401, 'Credential missing or wrong'],
  scopeMissing: [403, 'Scope missing'],
  notFound: [404, 'Not found'],
  tenantNotFound: [404, 'Tenant not found'],
  keyNotFound: [404, 'API key not found'],
  sessionNotFound: [404, 'Session not found'],
  messageNotFound: [404, 'Message not found'],
  subscriptionNotFound: [404, 'Subscription not found'],
  deliveryNotFound: [404, 'Delivery not found'],
  fileNotFound: [404, 'File not found'],
  methodNotAllowed: [405, 'Method not allowed'],
  sessionExists: [409, 'Session exists already'],
  sessionNotConnected: [409, 'Session not connected'],
  noQr: [409, 'No QR to show'],
  tooManySubscriptions: [409, 'Too many subscriptions'],
  subscriptionNotEnabled: [409, 'Subscription not enabled'],
  replayRunning: [409, 'Replay under way'],
  attemptUnderWay: [409, 'Attempt under way'],
  eventExpired: [410, 'Event expired'],
  bodyTooLarge: [413, 'Body too large'],
  fileTooLarge: [413, 'File too large'],
  unsupportedMediaType: [415, 'Unsupported media type'],
  rangeNotSatisfiable: [416, 'Range not satisfiable'],
  validationFailed: [422, 'Validation failed'],
  targetRefused: [422, 'URL refused'],
  headerRefused: [422, 'Header refused'],
  secretInvalid: [422, 'Secret invalid'],
  hashMismatch: [422, 'Hash differs'],
  idempotencyConflict: [422, 'Idempotency key used for another request'],
  replayTooOld: [422, 'Beyond the retention'],
  upgradeRequired: [426, 'WebSocket expected'],
  tooManyQueued: [429, 'Too many messages waiting'],
  internal: [500, 'Internal error'],
  notConfigured: [503, 'Not ready yet'],
} as const satisfies Record<string, readonly [number, string]>

export type ProblemCode = keyof typeof problemTable
